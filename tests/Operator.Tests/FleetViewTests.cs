using Microsoft.Extensions.Time.Testing;
using Turnpike.Discovery;
using Turnpike.Operator.Status;

namespace Turnpike.Tests.Operator;

public sealed class FleetViewTests
{
    private static readonly Peer Other = new("10.0.0.2", "operator-2", IsExpected: true);
    private static readonly ConnectedProxy Here = new("ingress-1", "istio-system", "0.1.0", "a", null);
    private static readonly ConnectedProxy There = new("ingress-2", "istio-system", "0.1.0", "a", null);

    private readonly FakeTimeProvider _clock = new();
    private readonly ProxyRegistry _registry = new();
    private readonly FleetView _view;

    public FleetViewTests()
    {
        _view = new FleetView(_registry, _clock);
        _registry.Add(Here);
    }

    [Fact]
    public void NothingIsSaidOfAll_BeforeThePeersAreKnownAndHeard()
    {
        AssertFleet(complete: false, [], "ingress-1");
        _view.SetPeers([Other]);
        AssertFleet(complete: false, [], "ingress-1");
        _view.SetProxies(Other.Address, [There]);
        AssertFleet(complete: true, [], "ingress-1", "ingress-2");
        _view.ForgetPeers();
        AssertFleet(complete: false, [], "ingress-1");
    }

    [Fact]
    public void SingleReplica_IsComplete()
    {
        _view.SetPeers([]);
        AssertFleet(complete: true, [], "ingress-1");
    }

    [Fact]
    public void PeerThatIsNeverHeard_IsUnreachableAfterTheGrace()
    {
        _view.SetPeers([Other]);
        _clock.Advance(FleetView.Grace - TimeSpan.FromMilliseconds(1));
        AssertFleet(complete: false, [], "ingress-1");
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        AssertFleet(complete: true, ["operator-2"], "ingress-1");
        _view.SetProxies(Other.Address, [There]);
        AssertFleet(complete: true, [], "ingress-1", "ingress-2");
    }

    [Fact]
    public void PeerThatIsLost_KeepsItsLastWordDuringTheGrace()
    {
        _view.SetPeers([Other]);
        _view.SetProxies(Other.Address, [There]);
        _clock.Advance(TimeSpan.FromHours(1));
        _view.SetDisconnected(Other.Address);
        AssertFleet(complete: true, [], "ingress-1", "ingress-2");
        _clock.Advance(FleetView.Grace / 2);
        _view.SetDisconnected(Other.Address);
        _view.SetPeers([Other]);
        _clock.Advance(FleetView.Grace / 2);
        AssertFleet(complete: true, ["operator-2"], "ingress-1");
    }

    [Fact]
    public void PeerThatIsGone_IsForgottenAtOnce()
    {
        _view.SetPeers([Other]);
        _view.SetProxies(Other.Address, [There]);
        _view.SetDisconnected(Other.Address);
        _view.SetPeers([]);
        AssertFleet(complete: true, [], "ingress-1");
        _view.SetProxies(Other.Address, [There]);
        AssertFleet(complete: true, [], "ingress-1");
    }

    [Fact]
    public void PeerThatEnds_IsNotMissed_AndItsProxiesCountWhereTheyCome()
    {
        _view.SetPeers([Other]);
        _view.SetProxies(Other.Address, [There]);
        _view.SetDisconnected(Other.Address);
        _registry.Add(There with { TableVersion = "b" });
        Assert.Equal(["a", "b"], _view.Current.Proxies.Select(p => p.TableVersion));

        _view.SetPeers([Other with { IsExpected = false }]);
        _clock.Advance(FleetView.Grace);
        AssertFleet(complete: true, [], "ingress-1", "ingress-2");
    }

    [Fact]
    public void ProxyThatRenewsItsStream_CountsWhereItWas_UntilItIsBackSomewhere()
    {
        _view.SetPeers([Other]);
        _view.SetProxies(Other.Address, [There with { IsLeaving = true }]);
        AssertFleet(complete: true, [], "ingress-1", "ingress-2");
        _registry.Add(There with { TableVersion = "b" });
        AssertFleet(complete: true, [], "ingress-1", "ingress-2");
        Assert.Equal(["a", "b"], _view.Current.Proxies.Select(p => p.TableVersion));
    }

    [Fact]
    public void PeerThatStarts_IsExpectedFromWhenItIsReady()
    {
        _view.SetPeers([Other with { IsExpected = false }]);
        _clock.Advance(FleetView.Grace * 10);
        AssertFleet(complete: true, [], "ingress-1");
        _view.SetPeers([Other]);
        AssertFleet(complete: false, [], "ingress-1");
        _clock.Advance(FleetView.Grace);
        AssertFleet(complete: true, ["operator-2"], "ingress-1");
    }

    private void AssertFleet(bool complete, string[] unreachable, params string[] pods)
    {
        var fleet = _view.Current;
        Assert.Equal(complete, fleet.IsComplete);
        Assert.Equal(unreachable, fleet.Unreachable);
        Assert.Equal(pods, fleet.Proxies.Select(p => p.Pod));
    }
}
