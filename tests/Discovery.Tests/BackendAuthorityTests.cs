using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Turnpike.Compiler;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.ControlPlane;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.Discovery;

/// <summary>The Secret by which backends are verified: followed by its name, from the cluster to what a client gets.</summary>
public sealed class BackendAuthorityTests : IAsyncLifetime
{
    private const string Secrets = "v1/secrets";
    private const string Ingresses = "networking.k8s.io/v1/ingresses";
    private const string Missing = "503 upstream certificate authority is missing";
    private const string Failed = "503 upstream TLS handshake failed";

    private readonly TestAuthority _authority = new("authority");
    private readonly TestAuthority _other = new("other");
    private Cluster _cluster = null!;
    private KestrelUpstream _upstream = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await Cluster.StartAsync();
        var certificate = _authority.Issue("web.default.svc");
        _upstream = await KestrelUpstream.StartAsync(context => context.Response.WriteAsync("verified"), certificate: _ => certificate);
        _cluster.SetEndpoint(_upstream.EndPoint);
        AddIngress("authority");
    }

    public async ValueTask DisposeAsync()
    {
        await _upstream.DisposeAsync();
        await _cluster.DisposeAsync();
        _authority.Dispose();
        _other.Dispose();
    }

    [Fact]
    public async Task ComesChangesAndGoes_AndNothingIsEverSentUnverified()
    {
        await using var replica = await Replica.StartAsync(_cluster);
        await using var proxy = await FollowingProxy.StartAsync(_cluster, replica.Port);
        await Wait.Until(() => replica.HasAcknowledged(), "the first table");
        Assert.Equal(Missing, await proxy.GetAsync());
        Assert.Contains(replica.States.Current!.Diagnostics, d => d.Reason == DiagnosticReasons.SecretNotFound);

        await ChangeAsync(replica, () => Put("authority", _authority.Pem));
        Assert.Equal("200 verified", await proxy.GetAsync());
        await ChangeAsync(replica, () => Put("authority", _other.Pem));
        Assert.Equal(Failed, await proxy.GetAsync());
        await ChangeAsync(replica, () => Put("authority", _other.Pem + "\n" + _authority.Pem));
        Assert.Equal("200 verified", await proxy.GetAsync());
        await ChangeAsync(replica, () => _cluster.Api.Remove(Secrets, "default", "authority"));
        Assert.Equal(Missing, await proxy.GetAsync());
    }

    /// <summary>After a start of the operator no table says for a moment that the authority is missing.</summary>
    [Fact]
    public async Task FirstTable_KnowsIt()
    {
        Put("authority", _authority.Pem);
        await using var replica = await Replica.StartAsync(_cluster);
        await using var proxy = await FollowingProxy.StartAsync(_cluster, replica.Port);
        await Wait.Until(() => replica.HasAcknowledged(), "the first table");

        Assert.Equal("200 verified", await proxy.GetAsync());
        Assert.All(
            replica.Tap.Updates.SelectMany(u => u.Changed),
            c => Assert.DoesNotContain("lacksAuthority", c.Body.ToStringUtf8(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task OnlyWhatIsNamed_IsReadAndWatched_AndOnlyAsLongAsItIs()
    {
        Put("authority", _authority.Pem);
        Put("another", _other.Pem);
        await using var replica = await Replica.StartAsync(_cluster);
        await using var proxy = await FollowingProxy.StartAsync(_cluster, replica.Port);
        await Wait.Until(() => replica.HasAcknowledged(), "the first table");
        await Wait.Until(() => Reads("authority", watch: true), "the watch");
        var watches = _cluster.Api.OpenWatches;
        Assert.False(Reads("another"));
        Assert.All(
            _cluster.Api.Requests.Where(r => r.Method == "GET" && r.Path.EndsWith("/secrets", StringComparison.Ordinal)),
            r =>
                Assert.True(
                    r.Query.Contains("fieldSelector=type%3Dkubernetes.io%2Ftls", StringComparison.Ordinal)
                        || r.Query.Contains("fieldSelector=metadata.name%3D", StringComparison.Ordinal),
                    r.Query));

        await ChangeAsync(replica, () => AddIngress("another"));
        Assert.Equal(Failed, await proxy.GetAsync());
        Assert.Equal(["default/another"], replica.States.Current!.Snapshot.AuthoritiesLookedFor!);
        Assert.Equal(["default/another"], replica.States.Current!.Snapshot.Authorities.Select(a => a.Metadata.ToString()));
        await Wait.Until(() => Reads("another", watch: true) && _cluster.Api.OpenWatches == watches, "the end of the other watch");

        await ChangeAsync(replica, () => AddIngress(null));
        Assert.Equal("200 verified", await proxy.GetAsync());
        Assert.Empty(replica.States.Current!.Snapshot.Authorities);
        await Wait.Until(() => _cluster.Api.OpenWatches == watches - 1, "the end of both");
    }

    private static async Task ChangeAsync(Replica replica, Action change)
    {
        var before = replica.TableVersion;
        change();
        await Wait.Until(() => replica.TableVersion != before && replica.HasAcknowledged(), "the next table");
    }

    private bool Reads(string secret, bool watch = false) =>
        _cluster.Api.Requests.Any(r =>
            r.Path.EndsWith("/secrets", StringComparison.Ordinal)
            && r.Query.Contains($"metadata.name%3D{secret}", StringComparison.Ordinal)
            && (r.IsWatch || !watch));

    private void Put(string name, string pem) => _cluster.Api.Put(Secrets, "default", name, new JsonObject
    {
        ["metadata"] = new JsonObject { ["namespace"] = "default", ["name"] = name },
        ["type"] = "Opaque",
        ["data"] = new JsonObject { ["ca.crt"] = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(pem)) },
    });

    private void AddIngress(string? authority)
    {
        var annotations = new JsonObject { ["kubernetes.io/ingress.class"] = "istio", ["turnpike.io/backend-protocol"] = "HTTPS" };
        if (authority is not null)
            annotations["turnpike.io/backend-ca"] = authority;
        var ingress = _cluster.Api.Find(Ingresses, "default", "web")!;
        ingress = (JsonObject)ingress.DeepClone();
        ingress["metadata"]!["annotations"] = annotations;
        _cluster.Api.Put(Ingresses, "default", "web", ingress);
    }
}
