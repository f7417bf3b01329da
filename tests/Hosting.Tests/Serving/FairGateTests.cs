using System.Net;
using Turnpike.Hosting.Serving;

namespace Turnpike.Tests.Hosting.Serving;

public sealed class FairGateTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Peers_TakeTurns_HoweverLongTheirLines()
    {
        var gate = new FairGate<string>(1, 1, 100, 50);
        var slot = await gate.EnterAsync("a", Cancelled);
        var order = new List<string>();
        var waiting = new List<Task>();
        foreach (var peer in new[] { "a", "a", "a", "a", "b", "b", "c" })
            waiting.Add(RunAsync(peer));
        slot!.Dispose();
        await Task.WhenAll(waiting);
        Assert.Equal("abcabaa", string.Concat(order));

        async Task RunAsync(string peer)
        {
            using var entered = await gate.EnterAsync(peer, Cancelled);
            order.Add(peer);
        }
    }

    [Fact]
    public async Task Lines_AreLimited_AndAPeerHasOnlyItsSlots()
    {
        var gate = new FairGate<string>(2, 1, 3, 2);
        using var first = await gate.EnterAsync("a", Cancelled);
        var waiting = new[] { gate.EnterAsync("a", Cancelled).AsTask(), gate.EnterAsync("a", Cancelled).AsTask() };
        Assert.Null(await gate.EnterAsync("a", Cancelled));
        using var other = await gate.EnterAsync("b", Cancelled);
        Assert.NotNull(other);
        waiting = [.. waiting, gate.EnterAsync("b", Cancelled).AsTask()];
        Assert.Null(await gate.EnterAsync("c", Cancelled));
        Assert.All(waiting, w => Assert.False(w.IsCompleted));
        first!.Dispose();
        Assert.NotNull(await waiting[0]);
        Assert.False(waiting[1].IsCompleted);
    }

    [Fact]
    public async Task WhoGivesUp_LeavesTheLine()
    {
        var gate = new FairGate<string>(1, 1, 1, 1);
        var slot = await gate.EnterAsync("a", Cancelled);
        using var gone = new CancellationTokenSource();
        var waiting = gate.EnterAsync("b", gone.Token).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        var next = gate.EnterAsync("c", Cancelled).AsTask();
        slot!.Dispose();
        slot.Dispose();
        Assert.NotNull(await next);
    }

    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1")]
    [InlineData("::ffff:10.0.0.1", "10.0.0.1")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    [InlineData("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64")]
    public void Peer_IsAnAddress_OrANetworkOfIPv6(string address, string peer)
    {
        Assert.Equal(peer, PeerAddress.Of(IPAddress.Parse(address)).ToString());
        Assert.Equal(PeerAddress.Of(IPAddress.Parse(address)), PeerAddress.Of(new IPEndPoint(IPAddress.Parse(address), 7)));
    }
}
