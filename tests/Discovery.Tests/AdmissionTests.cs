using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using Turnpike.Discovery;
using Turnpike.Protocol;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.ControlPlane;
using Turnpike.Tests.Support.FakeApiServer;
using Resource = Turnpike.Protocol.ResourceVersion;
using Stream = Grpc.Core.AsyncDuplexStreamingCall<Turnpike.Protocol.ProxyMessage, Turnpike.Protocol.TableUpdate>;
using TableFormat = Turnpike.Routing.TableFormat;

namespace Turnpike.Tests.Discovery;

/// <summary>Tests which callers get the table, and with which error others are refused.</summary>
public sealed class AdmissionTests : IAsyncLifetime
{
    private Cluster _cluster = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _cluster = await Cluster.StartAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    public static TheoryData<string?, StatusCode, string> RefusedTokens => new()
    {
        { null, StatusCode.Unauthenticated, "a ServiceAccount token is needed" },
        { "", StatusCode.Unauthenticated, "not a ServiceAccount token" },
        { "forged", StatusCode.Unauthenticated, "not a ServiceAccount token" },
        { FakeJwt.Of("istio-system:istio-ingress", "turnpike-ingress", signature: "forged"), StatusCode.Unauthenticated, "not valid for audience turnpike-ingress" },
        { FakeJwt.Of("istio-system:istio-ingress", "turnpike-ingress", expires: TimeProvider.System.GetUtcNow().AddSeconds(-1)), StatusCode.Unauthenticated, "the token has expired" },
        { FakeJwt.Of("istio-system:istio-ingress", "turnpike-sidecar"), StatusCode.Unauthenticated, "not valid for audience turnpike-ingress" },
        { FakeJwt.Of("istio-system:istio-ingress", "turnpike-operator"), StatusCode.Unauthenticated, "not valid for audience turnpike-ingress" },
        { FakeJwt.Of("istio-system:istio-ingress", "turnpike"), StatusCode.Unauthenticated, "not valid for audience turnpike-ingress" },
        { Cluster.Stranger, StatusCode.PermissionDenied, "system:serviceaccount:default:istio-ingress may not have the table" },
        { Cluster.Operator, StatusCode.Unauthenticated, "not valid for audience turnpike-ingress" },
        { FakeJwt.Of("istio-system:turnpike-operator", "turnpike-ingress"), StatusCode.PermissionDenied, "may not have the table" },
    };

    [Theory]
    [MemberData(nameof(RefusedTokens))]
    public async Task Table_IsForTheIngressAlone(string? token, StatusCode code, string why)
    {
        await using var replica = await Replica.StartAsync(_cluster);
        using var channel = replica.Open();
        using var stream = new Protocol.Discovery.DiscoveryClient(channel).Stream(token is null ? [] : Replica.Bearer(token), cancellationToken: Cancelled);
        await AssertRefused(stream, Hello(), code, why);
        Assert.Empty(replica.Registry.All);
    }

    [Fact]
    public async Task Hello_IsLookedAt()
    {
        await using var replica = await Replica.StartAsync(_cluster);
        using var channel = replica.Open();
        await Refused(Hello(h => h.Role = Role.Sidecar), StatusCode.PermissionDenied, "role Sidecar");
        await Refused(Hello(h => h.Role = Role.Unspecified), StatusCode.PermissionDenied, "role Unspecified");
        await Refused(Hello(h => h.Format = 0), StatusCode.FailedPrecondition, "reads table format 0; this control plane writes 2");
        await Refused(new ProxyMessage { Outcome = new Outcome() }, StatusCode.InvalidArgument, "must be a hello");
        await Refused(new ProxyMessage(), StatusCode.InvalidArgument, "must be a hello");
        await Refused(null, StatusCode.InvalidArgument, "must be a hello");
        Assert.Empty(replica.Registry.All);
        Assert.DoesNotContain(replica.Logs.Lines, l => l.StartsWith("Error", StringComparison.Ordinal));

        async Task Refused(ProxyMessage? message, StatusCode code, string why)
        {
            using var stream = Open(channel);
            await AssertRefused(stream, message, code, why);
        }
    }

    [Fact]
    public async Task NewerProxy_IsServed()
    {
        await using var replica = await Replica.StartAsync(_cluster);
        using var channel = replica.Open();
        using var stream = Open(channel);
        await stream.RequestStream.WriteAsync(Hello(h => (h.Format, h.HasVersion) = (TableFormat.Current + 1, "of tomorrow")), Cancelled);
        await AssertInventoryWanted(stream);
        await stream.RequestStream.WriteAsync(Part(last: true, new Resource { Key = new() { Kind = (ResourceKind)17, Name = "of tomorrow" }, Version = "1" }), Cancelled);
        Assert.True(await stream.ResponseStream.MoveNext(Cancelled));
        Assert.Equal(("", replica.TableVersion), (stream.ResponseStream.Current.FromVersion, stream.ResponseStream.Current.ToVersion));
    }

    [Fact]
    public async Task InventoryOfALargeTable_IsReadInParts_AndGarbageInItIsRemoved()
    {
        await using var replica = await Replica.StartAsync(_cluster);
        using var channel = replica.Open();
        using var stream = Open(channel);
        await stream.RequestStream.WriteAsync(Hello(h => (h.HasVersion, h.Build) = ("large", new string('x', 10_000))), Cancelled);
        await AssertInventoryWanted(stream);
        Assert.InRange(Assert.Single(replica.Registry.All).Build.Length, 1024, 1060);
        for (var i = 0; i < 200; i++)
            await stream.RequestStream.WriteAsync(Part(last: i == 199, [.. Enumerable.Range(i * 500, 500).Select(Of)]), Cancelled);
        Assert.True(await stream.ResponseStream.MoveNext(Cancelled));
        Assert.Equal(("large", 100_000), (stream.ResponseStream.Current.FromVersion, stream.ResponseStream.Current.Removed.Count));

        static Resource Of(int i) => new() { Key = new() { Kind = ResourceKind.Cluster, Name = $"namespace/some-service-{i}:http" }, Version = "0123456789abcdef" };
    }

    [Fact]
    public async Task InventoryWithoutEnd_IsRefused()
    {
        await using var replica = await Replica.StartAsync(_cluster, limits: new DiscoveryLimits { InventorySize = 10 });
        using var channel = replica.Open();
        using var stream = Open(channel);
        await stream.RequestStream.WriteAsync(Hello(h => h.HasVersion = "large"), Cancelled);
        await AssertInventoryWanted(stream);
        await AssertRefused(stream, Part(last: false, [.. Enumerable.Range(0, 11).Select(i => new Resource { Key = new() { Kind = ResourceKind.Cluster, Name = $"c{i}" } })]), StatusCode.ResourceExhausted, "at most 10 resources");
    }

    [Fact]
    public async Task MessageThatIsTooLarge_EndsTheStream()
    {
        await using var replica = await Replica.StartAsync(_cluster);
        using var channel = replica.Open();
        using var stream = Open(channel);
        await AssertRefused(stream, Hello(h => h.Build = new string('x', DiscoveryLimits.MessageSize)), StatusCode.ResourceExhausted, "");
        using var call = new Fleet.FleetClient(channel).Proxies(Large(), Replica.Bearer(Cluster.Operator), cancellationToken: Cancelled);
        Assert.Equal(StatusCode.ResourceExhausted, (await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Cancelled))).StatusCode);

        // Fields that this build does not know are kept and sent on.
        static ProxiesRequest Large() => ProxiesRequest.Parser.ParseFrom([0x0a, 0x81, 0x08, .. new byte[1025]]);
    }

    [Fact]
    public async Task SilentStream_IsEnded()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var replica = await Replica.StartAsync(_cluster, clock: clock);
        using var channel = replica.Open();
        using var stream = Open(channel);
        var ended = Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(Cancelled));
        await Wait.Until(() => ended.IsCompleted, "the end of a stream without hello", clock, TimeSpan.FromMilliseconds(50));
        Assert.Equal(StatusCode.DeadlineExceeded, (await ended).StatusCode);
        Assert.Contains("within 10 s", (await ended).Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ProxyThatNeverAnswers_IsNotWaitedForForEver()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var replica = await Replica.StartAsync(_cluster, clock: clock);
        using var channel = replica.Open();
        using var stream = Open(channel);
        await stream.RequestStream.WriteAsync(Hello(), Cancelled);
        Assert.True(await stream.ResponseStream.MoveNext(Cancelled));
        var ended = Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(Cancelled));
        await Wait.Until(() => ended.IsCompleted, "the end of a stream without outcome", clock, TimeSpan.FromMilliseconds(200));
        Assert.Contains("the outcome of table", (await ended).Status.Detail, StringComparison.Ordinal);
        Assert.Empty(replica.Registry.All);
    }

    [Fact]
    public async Task OutcomeOfAnotherTable_EndsTheStream()
    {
        await using var replica = await Replica.StartAsync(_cluster);
        using var channel = replica.Open();
        using var stream = Open(channel);
        await stream.RequestStream.WriteAsync(Hello(), Cancelled);
        Assert.True(await stream.ResponseStream.MoveNext(Cancelled));
        await AssertRefused(stream, new ProxyMessage { Outcome = new Outcome { TableVersion = "another" } }, StatusCode.InvalidArgument, "the outcome of table");
    }

    [Fact]
    public async Task StreamsAreLimited()
    {
        await using var replica = await Replica.StartAsync(_cluster, limits: new DiscoveryLimits { Streams = 1 });
        using var channel = replica.Open();
        using (var first = Open(channel))
        {
            await first.RequestStream.WriteAsync(Hello(), Cancelled);
            Assert.True(await first.ResponseStream.MoveNext(Cancelled));
            using var second = Open(channel);
            await AssertRefused(second, Hello(h => h.Pod = "ingress-2"), StatusCode.ResourceExhausted, "1 proxies are connected");
        }
        await Wait.Until(() => replica.Registry.Count == 0, "the end of the first stream");
        using var third = Open(channel);
        await third.RequestStream.WriteAsync(Hello(), Cancelled);
        Assert.True(await third.ResponseStream.MoveNext(Cancelled));
    }

    [Fact]
    public async Task ApiServerAway_StrangersAreToldToComeAgain_KnownProxiesAreServed()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var replica = await Replica.StartAsync(_cluster, clock: clock);
        using var channel = replica.Open();
        await AssertServed();
        _cluster.Api.Faults = request => request.Path.EndsWith("/tokenreviews", StringComparison.Ordinal) ? new Fault(503) : null;

        clock.Advance(TimeSpan.FromMinutes(9));
        await AssertServed();
        for (var i = 0; i < 2; i++)
        {
            using var stranger = Open(channel, FakeJwt.Of("istio-system:istio-ingress", "turnpike-ingress", "ingress-2"));
            await AssertRefused(stranger, Hello(), StatusCode.Unavailable, "the API server does not respond");
        }
        Assert.Single(replica.Logs.Lines, l => l.Contains("TokenReview is unavailable", StringComparison.Ordinal));

        clock.Advance(TimeSpan.FromMinutes(1));
        using var late = Open(channel);
        await AssertRefused(late, Hello(), StatusCode.Unavailable, "the API server does not respond");

        _cluster.Api.Faults = null;
        await AssertServed();
        Assert.Single(replica.Logs.Lines, l => l.Contains("TokenReview is available again", StringComparison.Ordinal));

        // Withdrawn, and no longer remembered.
        _cluster.Api.Tokens = _ => null;
        clock.Advance(TimeSpan.FromMinutes(1));
        using var withdrawn = Open(channel);
        await AssertRefused(withdrawn, Hello(), StatusCode.Unauthenticated, "not valid");

        async Task AssertServed()
        {
            using var stream = Open(channel);
            await stream.RequestStream.WriteAsync(Hello(), Cancelled);
            Assert.True(await stream.ResponseStream.MoveNext(Cancelled));
        }
    }

    public static TheoryData<string, StatusCode> RefusedOfFleet => new()
    {
        { Cluster.Ingress, StatusCode.Unauthenticated },
        { Cluster.Stranger, StatusCode.Unauthenticated },
        { FakeJwt.Of("istio-system:istio-ingress", "turnpike-operator"), StatusCode.PermissionDenied },
        { FakeJwt.Of("istio-system:turnpike-operator", "turnpike-ingress"), StatusCode.Unauthenticated },
        { FakeJwt.Of("istio-system:turnpike-operator", "turnpike-operator", signature: "forged"), StatusCode.Unauthenticated },
        { "forged", StatusCode.Unauthenticated },
    };

    [Theory]
    [MemberData(nameof(RefusedOfFleet))]
    public async Task ListOfProxies_IsForTheOperatorAlone(string token, StatusCode code)
    {
        await using var replica = await Replica.StartAsync(_cluster);
        using var channel = replica.Open();
        using var call = new Fleet.FleetClient(channel).Proxies(new ProxiesRequest(), Replica.Bearer(token), cancellationToken: Cancelled);
        var refusal = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Cancelled));
        Assert.Equal(code, refusal.StatusCode);
    }

    [Fact]
    public async Task WrongAuthority_IsNotTrusted_UntilTheFileIsMended()
    {
        using var key = System.Security.Cryptography.ECDsa.Create();
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=another", key, System.Security.Cryptography.HashAlgorithmName.SHA256);
        using var another = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));

        await using var replica = await Replica.StartAsync(_cluster);
        await File.WriteAllTextAsync(_cluster.CaFile, another.ExportCertificatePem(), Cancelled);
        await using var proxy = await FollowingProxy.StartAsync(_cluster, replica.Port);
        await Wait.Until(() => proxy.Logged("certificate"), "the distrust");
        Assert.Empty(replica.Registry.All);
        Assert.Equal("", proxy.Server.Table.Version);

        await File.WriteAllTextAsync(_cluster.CaFile, replica.Certificates.Bundle, Cancelled);
        await Wait.Until(() => replica.HasAcknowledged(), "the trust");
    }

    [Fact]
    public async Task FilesThatComeLate_AreReadAnew()
    {
        await using var replica = await Replica.StartAsync(_cluster);
        File.Delete(_cluster.CaFile);
        await File.WriteAllTextAsync(_cluster.TokenFile, "expired", Cancelled);
        await using var proxy = await FollowingProxy.StartAsync(_cluster, replica.Port);
        await Wait.Until(() => proxy.Logged("ca.crt"), "the missing authority");
        await File.WriteAllTextAsync(_cluster.CaFile, replica.Certificates.Bundle, Cancelled);
        await Wait.Until(() => proxy.Logged("Unauthenticated"), "the refused token");
        await File.WriteAllTextAsync(_cluster.TokenFile, Cluster.Ingress, Cancelled);
        await Wait.Until(() => replica.HasAcknowledged(), "the table");
    }

    private static Stream Open(Grpc.Net.Client.GrpcChannel channel, string? token = null) =>
        new Protocol.Discovery.DiscoveryClient(channel).Stream(Replica.Bearer(token ?? Cluster.Ingress), cancellationToken: Cancelled);

    private static ProxyMessage Hello(Action<Hello>? change = null)
    {
        var hello = new Hello { Pod = "ingress-1", Namespace = "istio-system", Role = Role.Ingress, Format = TableFormat.Current };
        change?.Invoke(hello);
        return new ProxyMessage { Hello = hello };
    }

    private static ProxyMessage Part(bool last, params Resource[] resources) => new() { Inventory = new() { Last = last, Resources = { resources } } };

    private static async Task AssertInventoryWanted(Stream stream)
    {
        Assert.True(await stream.ResponseStream.MoveNext(Cancelled));
        Assert.True(stream.ResponseStream.Current.InventoryWanted);
    }

    private static async Task AssertRefused(Stream stream, ProxyMessage? message, StatusCode code, string why)
    {
        try
        {
            if (message is null)
                await stream.RequestStream.CompleteAsync();
            else
                await stream.RequestStream.WriteAsync(message, Cancelled);
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException)
        {
            // Refused before it was written.
        }
        var refusal = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(Cancelled));
        Assert.Equal(code, refusal.StatusCode);
        Assert.Contains(why, refusal.Status.Detail, StringComparison.Ordinal);
    }
}
