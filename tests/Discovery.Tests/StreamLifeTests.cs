using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Time.Testing;
using Turnpike.Protocol;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.ControlPlane;
using TableFormat = Turnpike.Routing.TableFormat;

namespace Turnpike.Tests.Discovery;

/// <summary>A stream is as good as its token, for as long as its token, and of the pod that its token is of.</summary>
public sealed class StreamLifeTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private Cluster _cluster = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _cluster = await Cluster.StartAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Stream_EndsWithItsToken_AndTheProxyComesAgainWithTheNextOne_LosingNothing()
    {
        await using var replica = await Replica.StartAsync(_cluster, clock: _clock);
        await WriteTokenAsync(TimeSpan.FromMinutes(5));
        await using var proxy = await FollowingProxy.StartAsync(_cluster, replica.Port);
        await Wait.Until(() => replica.HasAcknowledged(), "the first table");
        var seen = 0;
        replica.Registry.Changed += () => seen = Math.Max(seen, 1 - replica.Registry.Count);

        await WriteTokenAsync(TimeSpan.FromHours(1));
        _clock.Advance(TimeSpan.FromMinutes(5));
        await Wait.Until(() => proxy.Logged("ended the stream"), "the end of the stream");
        await Wait.Until(() => replica.HasAcknowledged() && !replica.Registry.All.First().IsLeaving, "its return");

        Assert.Equal(0, seen);
        Assert.Single(replica.Tap.Updates);
        Assert.Equal(2, _cluster.Api.TokenReviews);
        _cluster.AddIngress("more");
        await Wait.Until(() => replica.Tap.Updates.Count == 2 && replica.HasAcknowledged(), "the next table", _clock, TimeSpan.FromMilliseconds(5));
    }

    [Fact]
    public async Task Stream_EndsAtItsAge_HoweverLongItsTokenWouldLast()
    {
        await using var replica = await Replica.StartAsync(_cluster, clock: _clock);
        using var channel = replica.Open();
        using var stream = await FollowAsync(channel, Token(TimeSpan.FromDays(1)), replica);
        var end = stream.ResponseStream.MoveNext(Cancelled);
        _clock.Advance(TimeSpan.FromMinutes(23));
        Assert.False(end.IsCompleted);
        _clock.Advance(TimeSpan.FromMinutes(7));
        Assert.False(await end);
        Assert.True(Assert.Single(replica.Registry.All).IsLeaving);

        // Gone for good where it does not come back.
        await Wait.Until(() => replica.Registry.Count == 0, "the end of the proxy", _clock, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task ExpiredToken_GetsNothingMore_AlsoWhenTheTimerIsLate()
    {
        var clock = new LateTimers(TimeProvider.System.GetUtcNow());
        await using var replica = await Replica.StartAsync(_cluster, clock: clock);
        using var channel = replica.Open();
        using var stream = await FollowAsync(channel, Token(TimeSpan.FromMinutes(5)), replica);
        clock.AdvanceWithoutTimers(TimeSpan.FromMinutes(6));
        _cluster.AddIngress("private");
        var next = stream.ResponseStream.MoveNext(Cancelled);
        await Wait.Until(() => next.IsCompleted, "the end of the stream", clock, TimeSpan.FromMilliseconds(5));
        Assert.False(await next);
        Assert.Single(replica.Tap.Updates);
    }

    [Fact]
    public async Task ExpiredToken_IsNoLongerRemembered()
    {
        await using var replica = await Replica.StartAsync(_cluster, clock: _clock);
        using var channel = replica.Open();
        var token = Token(TimeSpan.FromSeconds(30));
        using var stream = await FollowAsync(channel, token, replica);
        _clock.Advance(TimeSpan.FromSeconds(30));
        using var again = new Protocol.Discovery.DiscoveryClient(channel).Stream(Replica.Bearer(token), cancellationToken: Cancelled);
        var refusal = await Assert.ThrowsAsync<RpcException>(() => again.ResponseStream.MoveNext(Cancelled));
        Assert.Equal((StatusCode.Unauthenticated, "the token has expired"), (refusal.StatusCode, refusal.Status.Detail));
        Assert.Equal(1, _cluster.Api.TokenReviews);
    }

    [Theory]
    [InlineData("ingress-2", "istio-system", true)]
    [InlineData("ingress-1", "default", true)]
    [InlineData("ingress-1", "default", false)]
    [InlineData("", "istio-system", true)]
    public async Task Hello_IsOfThePodOfItsToken(string pod, string ns, bool bound)
    {
        await using var replica = await Replica.StartAsync(_cluster, clock: _clock);
        using var channel = replica.Open();
        var token = FakeJwt.Of("istio-system:istio-ingress", "turnpike-ingress", bound ? "ingress-1" : null);
        using var stream = new Protocol.Discovery.DiscoveryClient(channel).Stream(Replica.Bearer(token), cancellationToken: Cancelled);
        await stream.RequestStream.WriteAsync(Hello(pod, ns), Cancelled);
        var refusal = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(Cancelled));
        Assert.Equal(StatusCode.PermissionDenied, refusal.StatusCode);
        Assert.Contains("the token of pod istio-system/", refusal.Status.Detail, StringComparison.Ordinal);
        Assert.Empty(replica.Registry.All);
    }

    [Fact]
    public async Task Pod_CountsOnce_HoweverOftenItComes()
    {
        await using var replica = await Replica.StartAsync(_cluster, clock: _clock);
        using var channel = replica.Open();
        using var first = await FollowAsync(channel, Token(TimeSpan.FromHours(1)), replica);
        using var second = await FollowAsync(channel, Token(TimeSpan.FromHours(1)), replica);
        Assert.False(await first.ResponseStream.MoveNext(Cancelled));
        Assert.Single(replica.Registry.All);
        _cluster.AddIngress("more");
        var next = second.ResponseStream.MoveNext(Cancelled);
        await Wait.Until(() => next.IsCompleted, "the news", _clock, TimeSpan.FromMilliseconds(5));
        Assert.True(await next);
    }

    [Fact]
    public async Task ProxyThatNeverAcknowledges_IsNamedWithTheReason_AlsoWhenItComesAgain_UntilItDoes()
    {
        await using var replica = await Replica.StartAsync(_cluster, clock: _clock);
        using var channel = replica.Open();
        using (var silent = Open(channel, Token(TimeSpan.FromHours(1))))
        {
            await silent.RequestStream.WriteAsync(Hello(), Cancelled);
            Assert.True(await silent.ResponseStream.MoveNext(Cancelled));
            var end = Assert.ThrowsAsync<RpcException>(() => silent.ResponseStream.MoveNext(Cancelled));
            await Wait.Until(() => end.IsCompleted, "the end of patience", _clock, TimeSpan.FromSeconds(1));
        }
        using (var again = Open(channel, Token(TimeSpan.FromHours(1))))
        {
            await again.RequestStream.WriteAsync(Hello(), Cancelled);
            Assert.True(await again.ResponseStream.MoveNext(Cancelled));
            Assert.Contains("did not say within 60 s what became of table", Assert.Single(replica.Registry.All).Error, StringComparison.Ordinal);
        }
        using var good = await FollowAsync(channel, Token(TimeSpan.FromHours(1)), replica);
        Assert.Null(Assert.Single(replica.Registry.All).Error);
    }

    private string Token(TimeSpan life) => FakeJwt.Of("istio-system:istio-ingress", "turnpike-ingress", "ingress-1", _clock.GetUtcNow() + life);

    private Task WriteTokenAsync(TimeSpan life) => File.WriteAllTextAsync(_cluster.TokenFile, Token(life), Cancelled);

    private static AsyncDuplexStreamingCall<ProxyMessage, TableUpdate> Open(GrpcChannel channel, string token) =>
        new Protocol.Discovery.DiscoveryClient(channel).Stream(Replica.Bearer(token), cancellationToken: Cancelled);

    private static ProxyMessage Hello(string pod = "ingress-1", string ns = "istio-system") =>
        new() { Hello = new Hello { Pod = pod, Namespace = ns, Role = Role.Ingress, Format = TableFormat.Current } };

    private static async Task<AsyncDuplexStreamingCall<ProxyMessage, TableUpdate>> FollowAsync(GrpcChannel channel, string token, Replica replica)
    {
        var stream = Open(channel, token);
        await stream.RequestStream.WriteAsync(Hello(), Cancelled);
        Assert.True(await stream.ResponseStream.MoveNext(Cancelled));
        await stream.RequestStream.WriteAsync(new ProxyMessage { Outcome = new Outcome { TableVersion = stream.ResponseStream.Current.ToVersion } }, Cancelled);
        await Wait.Until(() => replica.HasAcknowledged(), "the acknowledgement");
        return stream;
    }

    /// <summary>A clock whose hands can be moved without its timers noticing.</summary>
    private sealed class LateTimers(DateTimeOffset start) : FakeTimeProvider(start)
    {
        private TimeSpan _ahead;

        public void AdvanceWithoutTimers(TimeSpan by) => _ahead += by;

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _ahead;
    }
}
