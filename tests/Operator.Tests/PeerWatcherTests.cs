using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Turnpike.Discovery;
using Turnpike.Operator;
using Turnpike.Operator.Status;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.ControlPlane;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.Operator;

/// <summary>A leader and two other replicas, each at an address of its own.</summary>
public sealed class PeerWatcherTests : IAsyncLifetime
{
    private const string Own = "127.0.0.1";
    private const string Second = "127.0.0.2";
    private const string Third = "127.0.0.3";

    private readonly FakeTimeProvider _clock = new();
    private readonly CancellationTokenSource _term = new();
    private readonly RecordingLogger _logs = new();
    private readonly int _port = FreePort();
    private Cluster _cluster = null!;
    private Replica _leader = null!;
    private FleetView _view = null!;
    private Task _watching = Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        _cluster = await Cluster.StartAsync();
        await File.WriteAllTextAsync(_cluster.TokenFile, Cluster.Operator);
        _leader = await Replica.StartAsync(_cluster, _port);
        _leader.Registry.Add(Proxy("ingress-1"));
        _view = new FleetView(_leader.Registry, _clock);
    }

    public async ValueTask DisposeAsync()
    {
        await _term.CancelAsync();
        await _watching;
        _term.Dispose();
        await _leader.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task EveryReplica_IsHeard_AndEachChangeOfIt()
    {
        await using var second = await Replica.StartAsync(_cluster, _port, Second);
        await using var third = await Replica.StartAsync(_cluster, _port, Third);
        var id = second.Registry.Add(Proxy("ingress-2"));
        third.Registry.Add(Proxy("ingress-3"));
        _cluster.SetOperators(("operator-1", Own, true), ("operator-2", Second, true), ("operator-3", Third, true));
        await WatchAsync();
        await Until("ingress-1", "ingress-2", "ingress-3");

        second.Registry.Update(id, p => p with { TableVersion = "b", Error = "why" });
        await Wait.Until(() => _view.Current.Proxies.Any(p => p is { Pod: "ingress-2", TableVersion: "b", Error: "why" }), "the refusal");
        second.Registry.Remove(id);
        await Until("ingress-1", "ingress-3");
        Assert.Empty(_view.Current.Unreachable);
    }

    [Fact]
    public async Task ReplicaThatIsSilent_IsNamedAfterTheGrace_AndCountsAgainWhenItIsBack()
    {
        var second = await Replica.StartAsync(_cluster, _port, Second);
        second.Registry.Add(Proxy("ingress-2"));
        _cluster.SetOperators(("operator-1", Own, true), ("operator-2", Second, true));
        await WatchAsync();
        await Until("ingress-1", "ingress-2");

        await second.DisposeAsync();
        await Wait.Until(
            () => _logs.Lines.Any(l => l.Contains("cannot list the proxies connected to replica", StringComparison.Ordinal)),
            "the loss",
            _clock,
            TimeSpan.FromMilliseconds(10));
        await Until("ingress-1", "ingress-2");
        _clock.Advance(FleetView.Grace);
        await Until("ingress-1");
        Assert.Equal(["operator-2"], _view.Current.Unreachable);

        await using var again = await Replica.StartAsync(_cluster, _port, Second);
        again.Registry.Add(Proxy("ingress-2"));
        await Wait.Until(() => _view.Current.Proxies.Count == 2, "its return", _clock);
        Assert.Empty(_view.Current.Unreachable);
        Assert.Single(_logs.Lines, l => l.Contains("cannot list the proxies connected to replica", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ReplicaThatNeverAnswers_IsUnreachable()
    {
        _cluster.SetOperators(("operator-1", Own, true), ("operator-2", Second, true));
        await WatchAsync();
        await Wait.Until(
            () => _logs.Lines.Any(l => l.Contains("cannot list the proxies connected to replica", StringComparison.Ordinal)),
            "the attempt");
        Assert.False(_view.Current.IsComplete);
        _clock.Advance(FleetView.Grace);
        Assert.True(_view.Current.IsComplete);
        Assert.Equal(["operator-2"], _view.Current.Unreachable);
    }

    [Fact]
    public async Task ReplicaThatLeaves_IsForgotten()
    {
        var second = await Replica.StartAsync(_cluster, _port, Second);
        second.Registry.Add(Proxy("ingress-2"));
        _cluster.SetOperators(("operator-1", Own, true), ("operator-2", Second, true));
        await WatchAsync();
        await Until("ingress-1", "ingress-2");

        // A rolling restart removes the endpoint first, then the process, then the pod.
        _cluster.SetOperators(("operator-1", Own, true), ("operator-2", Second, false));
        await second.DisposeAsync();
        _leader.Registry.Add(Proxy("ingress-2") with { TableVersion = "b" });
        await Wait.Until(() => _view.Current.Proxies is [_, { TableVersion: "b" }], "the proxy where it came to");
        _cluster.SetOperators(("operator-1", Own, true));
        await Wait.Until(() => _leader.States.Current!.Snapshot.Pods.Length == 1, "the end of the pod");
        _clock.Advance(FleetView.Grace);
        await Wait.Until(() => _view.Current.Unreachable.Count == 0, "the news");
        await Until("ingress-1", "ingress-2");
    }

    [Fact]
    public async Task EndOfTheTerm_ForgetsTheOthers()
    {
        await using var second = await Replica.StartAsync(_cluster, _port, Second);
        second.Registry.Add(Proxy("ingress-2"));
        _cluster.SetOperators(("operator-1", Own, true), ("operator-2", Second, true));
        await WatchAsync();
        await Until("ingress-1", "ingress-2");
        await _term.CancelAsync();
        await _watching.WaitAsync(Wait.Limit, TestContext.Current.CancellationToken);
        Assert.False(_view.Current.IsComplete);
        Assert.Equal("ingress-1", Assert.Single(_view.Current.Proxies).Pod);
    }

    private async Task WatchAsync()
    {
        await Wait.Until(
            () =>
                PeerDirectory.Of(_leader.States.Current!.Snapshot, Own) is [_, ..] peers
                && peers.All(p => p.IsExpected)
                && peers.Count == _cluster.Api.All("v1/pods").Count - 1,
            "the replicas");
        var options = new OperatorOptions(null, "operator-1", Own, "image", _cluster.TokenFile) { DiscoveryPort = _port };
        var loggers = LoggerFactory.Create(l => l.AddProvider(_logs));
        _watching = new PeerWatcher(
            options, _leader.States, _view, _leader.Certificates, loggers.CreateLogger<PeerWatcher>(), _clock).RunAsync(_term.Token);
    }

    private Task Until(params string[] pods) =>
        Wait.Until(
            () => _view.Current is { IsComplete: true } fleet && fleet.Proxies.Select(p => p.Pod).SequenceEqual(pods),
            $"just {string.Join(", ", pods)}");

    private static ConnectedProxy Proxy(string pod) => new(pod, "istio-system", "0.1.0", "a", null);

    /// <summary>Free at every address of loopback, as good as surely.</summary>
    private static int FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
