using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Turnpike.Compiler;
using Turnpike.Discovery;
using Turnpike.Protocol;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.ControlPlane;
using Stream = Grpc.Core.AsyncDuplexStreamingCall<Turnpike.Protocol.ProxyMessage, Turnpike.Protocol.TableUpdate>;
using TableFormat = Turnpike.Routing.TableFormat;

namespace Turnpike.Tests.Discovery;

/// <summary>A table is handed to its audience, and private keys leave the control plane for the ingress alone.</summary>
public sealed class AudienceTests : IAsyncLifetime
{
    private static readonly string Sidecar = FakeJwt.Of("default:web", "turnpike-sidecar", "web-1");
    private static readonly DiscoveryLimits WithSidecars = new() { SidecarStreams = 2 };

    private readonly string _key;
    private readonly string _certificate;
    private Cluster _cluster = null!;

    public AudienceTests()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest("CN=web.example.com", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        (_key, _certificate) = (key.ExportPkcs8PrivateKeyPem(), certificate.ExportCertificatePem());
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _cluster = await Cluster.StartAsync();
        _cluster.Api.Put("v1/secrets", "default", "pair", new JsonObject
        {
            ["metadata"] = new JsonObject { ["namespace"] = "default", ["name"] = "pair" },
            ["type"] = "kubernetes.io/tls",
            ["data"] = new JsonObject { ["tls.crt"] = Base64(_certificate), ["tls.key"] = Base64(_key) },
        });
        var ingress = (JsonObject)_cluster.Api.Find("networking.k8s.io/v1/ingresses", "default", "web")!.DeepClone();
        ingress["spec"]!["tls"] = new JsonArray(new JsonObject { ["hosts"] = new JsonArray("web.example.com"), ["secretName"] = "pair" });
        _cluster.Api.Put("networking.k8s.io/v1/ingresses", "default", "web", ingress);
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    /// <summary>What the other tests look for in vain is there.</summary>
    [Fact]
    public async Task Ingress_GetsTheKey()
    {
        await using var replica = await StartAsync();
        using var channel = replica.Open();
        using var stream = Open(channel, Cluster.Ingress);
        await stream.RequestStream.WriteAsync(Hello(Role.Ingress, "istio-system", "ingress-1"), Cancelled);
        var update = await NextAsync(stream);
        Assert.Empty(replica.States.Current!.Diagnostics);
        Assert.Contains(update.Changed, r => r.Key.Kind == ResourceKind.Certificate);
        Assert.True(Holds(update));
    }

    [Fact]
    public async Task Sidecar_GetsAnEmptyTable()
    {
        await using var replica = await StartAsync();
        using var channel = replica.Open();
        using var stream = Open(channel, Sidecar);
        await stream.RequestStream.WriteAsync(Hello(Role.Sidecar, "default", "web-1"), Cancelled);
        var update = await NextAsync(stream);
        Assert.Equal(ResourceKind.Settings, Assert.Single(update.Changed).Key.Kind);
        await stream.RequestStream.WriteAsync(new ProxyMessage { Outcome = new() { TableVersion = update.ToVersion } }, Cancelled);
        // Statuses and metrics speak of the proxies of the ingress.
        Assert.Empty(replica.Registry.All);
    }

    /// <summary>A proxy may name any table, and may acknowledge or refuse what it gets: it is compared with its own table alone.</summary>
    [Theory]
    [InlineData("the version of the ingress", true)]
    [InlineData("the version of the ingress", false)]
    [InlineData("another version", true)]
    [InlineData("another version", false)]
    [InlineData("", true)]
    [InlineData("", false)]
    public async Task Sidecar_NeverGetsTheKey_WhateverItSaysToHave(string has, bool acknowledges)
    {
        await using var replica = await StartAsync();
        var ofIngress = replica.States.Current!.Resources;
        using var channel = replica.Open();
        using var stream = Open(channel, Sidecar);
        var version = has == "the version of the ingress" ? ofIngress.TableVersion : has;
        await stream.RequestStream.WriteAsync(Hello(Role.Sidecar, "default", "web-1", version), Cancelled);
        var update = await NextAsync(stream);
        if (update.InventoryWanted)
        {
            // All that the ingress has, each part in a version that is out of date.
            var inventory = new Inventory { Last = true };
            foreach (var resource in ofIngress.All)
                inventory.Resources.Add(new ResourceVersion { Key = WireResources.ToWire(resource.Key), Version = "old" });
            await stream.RequestStream.WriteAsync(new ProxyMessage { Inventory = inventory }, Cancelled);
            update = await NextAsync(stream);
        }
        AssertHarmless(update);
        var outcome = new Outcome { TableVersion = update.ToVersion, Error = acknowledges ? "" : "a certificate is missing" };
        await stream.RequestStream.WriteAsync(new ProxyMessage { Outcome = outcome }, Cancelled);

        // The table of the ingress changes; no update with a part of it comes here.
        var before = replica.TableVersion;
        _cluster.AddIngress("more");
        await Wait.Until(() => replica.TableVersion != before, "the next table");
        Assert.All(replica.Tap.Updates, AssertHarmless);
    }

    [Theory]
    [InlineData(Role.Ingress)]
    [InlineData(Role.Unspecified)]
    [InlineData((Role)17)]
    public async Task Sidecar_ThatSaysToBeAnythingElse_IsRefused(Role role)
    {
        await using var replica = await StartAsync();
        using var channel = replica.Open();
        using var stream = Open(channel, Sidecar);
        var refusal = await RefusalAsync(stream, Hello(role, "default", "web-1"));
        Assert.Equal(StatusCode.PermissionDenied, refusal.StatusCode);
        Assert.Contains($"default:web may not have the table for role {role}", refusal.Detail, StringComparison.Ordinal);
        Assert.Empty(replica.Tap.Updates);
    }

    [Theory]
    [InlineData("default:web", "turnpike-ingress", "may not have the table of the ingress")]
    [InlineData("default:istio-ingress", "turnpike-ingress", "may not have the table of the ingress")]
    [InlineData("default:web", "turnpike-operator", "not valid for audience turnpike-ingress or turnpike-sidecar")]
    public async Task Token_ThatIsMadeForAnotherTable_IsRefused(string account, string audience, string why)
    {
        await using var replica = await StartAsync();
        using var channel = replica.Open();
        using var stream = Open(channel, FakeJwt.Of(account, audience, "web-1"));
        var refusal = await RefusalAsync(stream, Hello(Role.Ingress, "default", "web-1"));
        Assert.Contains(why, refusal.Detail, StringComparison.Ordinal);
        Assert.Empty(replica.Tap.Updates);
    }

    /// <summary>Not even the identity of the ingress has its table by a token for a sidecar.</summary>
    [Fact]
    public async Task IngressWithTheTokenOfASidecar_GetsTheTableOfASidecar()
    {
        await using var replica = await StartAsync();
        using var channel = replica.Open();
        using var stream = Open(channel, FakeJwt.Of("istio-system:istio-ingress", "turnpike-sidecar", "ingress-1"));
        await stream.RequestStream.WriteAsync(Hello(Role.Sidecar, "istio-system", "ingress-1"), Cancelled);
        AssertHarmless(await NextAsync(stream));
    }

    [Theory]
    [InlineData("default", "web-2", "the token of pod default/web-1")]
    [InlineData("other", "web-1", "the token of pod default/web-1")]
    public async Task SidecarOfAnotherPod_IsRefused(string ns, string pod, string why)
    {
        await using var replica = await StartAsync();
        using var channel = replica.Open();
        using var stream = Open(channel, Sidecar);
        Assert.Contains(why, (await RefusalAsync(stream, Hello(Role.Sidecar, ns, pod))).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SidecarWithoutAPodInItsToken_IsRefused()
    {
        await using var replica = await StartAsync();
        using var channel = replica.Open();
        using var stream = Open(channel, FakeJwt.Of("default:web", "turnpike-sidecar"));
        var refusal = await RefusalAsync(stream, Hello(Role.Sidecar, "default", "web-1"));
        Assert.Contains("is not bound to a pod", refusal.Detail, StringComparison.Ordinal);
    }

    /// <summary>However many sidecars come, the ingress is served.</summary>
    [Fact]
    public async Task Sidecars_AreBounded_BesideTheIngress()
    {
        await using var replica = await Replica.StartAsync(_cluster, limits: WithSidecars with { Streams = 1 });
        using var channel = replica.Open();
        var streams = new List<Stream>();
        try
        {
            for (var i = 0; i < WithSidecars.SidecarStreams; i++)
            {
                streams.Add(Open(channel, FakeJwt.Of("default:web", "turnpike-sidecar", $"web-{i}")));
                await streams[i].RequestStream.WriteAsync(Hello(Role.Sidecar, "default", $"web-{i}"), Cancelled);
                await NextAsync(streams[i]);
            }
            streams.Add(Open(channel, FakeJwt.Of("default:web", "turnpike-sidecar", "web-9")));
            var refusal = await RefusalAsync(streams[^1], Hello(Role.Sidecar, "default", "web-9"));
            Assert.Equal(StatusCode.ResourceExhausted, refusal.StatusCode);

            await using var proxy = await FollowingProxy.StartAsync(_cluster, replica.Port);
            await Wait.Until(() => replica.HasAcknowledged(), "the table of the ingress");
        }
        finally
        {
            streams.ForEach(s => s.Dispose());
        }
    }

    /// <summary>As long as sidecars have no table, the port is for the ingress, and the API server is not asked of other tokens.</summary>
    [Fact]
    public async Task Sidecar_IsRefusedByDefault()
    {
        await using var replica = await Replica.StartAsync(_cluster);
        using var channel = replica.Open();
        using var stream = Open(channel, Sidecar);
        var refusal = await RefusalAsync(stream, Hello(Role.Sidecar, "default", "web-1"));
        Assert.Equal(StatusCode.Unauthenticated, refusal.StatusCode);
        Assert.DoesNotContain(_cluster.Api.Requests, r => r.Path.EndsWith("/tokenreviews", StringComparison.Ordinal));
    }

    /// <summary>A table is for one ServiceAccount of one role; what is nearly the ingress is not.</summary>
    [Theory]
    [InlineData(ProxyRole.Sidecar, "istio-system", "istio-ingress")]
    [InlineData(ProxyRole.Ingress, "default", "istio-ingress")]
    [InlineData(ProxyRole.Ingress, "istio-system", "other")]
    [InlineData(ProxyRole.Ingress, "ISTIO-SYSTEM", "istio-ingress")]
    public async Task OtherAudiences_HaveNothingOfTheIngress(ProxyRole role, string ns, string account)
    {
        await using var replica = await StartAsync();
        var state = replica.States.Current!;
        Assert.Same(state.Resources, state.ResourcesOf(TableAudience.OfIngress(Turnpike.Api.Profile.Istio2017)));
        var others = state.ResourcesOf(new TableAudience(role, ns, account));
        Assert.Equal(Turnpike.Routing.ResourceKind.Settings, Assert.Single(others.All).Key.Kind);
    }

    /// <summary>A replica whose table has the key.</summary>
    private async Task<Replica> StartAsync()
    {
        var replica = await Replica.StartAsync(_cluster, limits: WithSidecars);
        Assert.Equal(_key.Trim(), Assert.Single(replica.States.Current!.Table.Certificates).PrivateKeyPem.Trim());
        return replica;
    }

    private bool Holds(TableUpdate update)
    {
        var sent = update.ToByteArray().AsSpan();
        // JSON escapes line breaks and some characters of Base64, so one line of the key is looked for, as it is and escaped.
        var line = _key.Split('\n')[1];
        return sent.IndexOf(Encoding.ASCII.GetBytes(line)) >= 0 || sent.IndexOf(JsonEncodedText.Encode(line).EncodedUtf8Bytes) >= 0;
    }

    private void AssertHarmless(TableUpdate update)
    {
        Assert.DoesNotContain(update.Changed, r => r.Key.Kind == ResourceKind.Certificate);
        Assert.False(Holds(update));
        Assert.DoesNotContain(Base64(_key), update.ToString(), StringComparison.Ordinal);
    }

    private static Stream Open(GrpcChannel channel, string token) =>
        new Protocol.Discovery.DiscoveryClient(channel).Stream(Replica.Bearer(token), cancellationToken: Cancelled);

    private static ProxyMessage Hello(Role role, string ns, string pod, string version = "") =>
        new() { Hello = new Hello { Pod = pod, Namespace = ns, Role = role, Format = TableFormat.Current, HasVersion = version } };

    private static async Task<TableUpdate> NextAsync(Stream stream)
    {
        Assert.True(await stream.ResponseStream.MoveNext(Cancelled));
        return stream.ResponseStream.Current;
    }

    private static async Task<Status> RefusalAsync(Stream stream, ProxyMessage hello)
    {
        try
        {
            await stream.RequestStream.WriteAsync(hello, Cancelled);
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException)
        {
            // Refused before it was written.
        }
        return (await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(Cancelled))).Status;
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.ASCII.GetBytes(text));
}
