using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Turnpike.Api;
using Turnpike.Compiler;
using Turnpike.Discovery;
using Turnpike.Hosting.Client;
using Turnpike.Operator.Status;
using Turnpike.Reading;
using Turnpike.Routing;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.FakeApiServer;

namespace Turnpike.Tests.Operator;

/// <summary>Statuses of RouteRules are written on news, and nothing is asked while there is none.</summary>
public sealed class RuleStatusTests : IAsyncLifetime
{
    private const string Rules = $"{Names.Group}/{Names.Version}/routerules";

    private readonly FakeTimeProvider _clock = new();
    private readonly CancellationTokenSource _term = new();
    private readonly DiscoveryStates _states = new();
    private readonly ProxyRegistry _registry = new();
    private FakeApi _api = null!;
    private KubeApi _client = null!;
    private FleetView _view = null!;
    private RuleStatuses _statuses = null!;
    private Task _leading = Task.CompletedTask;
    private long _sequence;

    public async ValueTask InitializeAsync()
    {
        _api = await FakeApi.StartAsync();
        _api.Serve(Rules, "RouteRule");
        _client = new KubeApi(KubeEndpoint.At(_api.Url));
        _view = new FleetView(_registry, _clock);
        _statuses = new RuleStatuses(_client, _states, _view, NullLogger<RuleStatuses>.Instance, _clock);
        await _statuses.StartAsync(TestContext.Current.CancellationToken);
        _leading = _statuses.RunAsync(_term.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _term.CancelAsync();
        await _leading;
        await _statuses.StopAsync(CancellationToken.None);
        _statuses.Dispose();
        _client.Dispose();
        _term.Dispose();
        await _api.DisposeAsync();
    }

    [Fact]
    public async Task NewsOfProxies_ReachesTheRules_AndQuietAsksNothing()
    {
        _view.SetPeers([]);
        AddRule("one");
        AddRule("two");
        Publish("v1", "one", "two");
        await Until("one", "Programmed=Unknown:NoProxy");
        await Until("two", "Programmed=Unknown:NoProxy");

        var id = _registry.Add(new ConnectedProxy("ingress-1", "istio-system", "1", "", null));
        await Until("one", "Programmed=False:Pending");
        _registry.Acknowledged(id, p => p with { TableVersion = "v1" });
        await Until("one", "Programmed=True:Programmed");
        await Until("two", "Programmed=True:Programmed");

        var asked = _api.Requests.Count;
        for (var second = 0; second < 600; second++)
            _clock.Advance(TimeSpan.FromSeconds(1));
        // A write for a further rule follows all that the quiet time might have called for.
        AddRule("three");
        Publish("v1", "one", "two", "three");
        await Until("three", "Programmed=True:Programmed");
        Assert.All(
            _api.Requests.Skip(asked),
            request => Assert.EndsWith("/three", request.Path.Replace("/status", "", StringComparison.Ordinal), StringComparison.Ordinal));
    }

    [Fact]
    public async Task NewTable_IsPending_UntilItIsAcknowledged()
    {
        _view.SetPeers([]);
        AddRule("one");
        var id = _registry.Add(new ConnectedProxy("ingress-1", "istio-system", "1", "v0", null));
        Publish("v1", "one");
        await Until("one", "Programmed=False:Pending");
        _registry.Acknowledged(id, p => p with { Error = "why" });
        await Until("one", "Programmed=False:Refused");
        _registry.Acknowledged(id, p => p with { TableVersion = "v1", Error = null });
        await Until("one", "Programmed=True:Programmed");
    }

    [Fact]
    public async Task ReplicaThatIsNotHeard_IsTold_OnceItsGraceIsOver()
    {
        _view.SetPeers([new Peer("10.0.0.2", "operator-2", true)]);
        AddRule("one");
        Publish("v1", "one");
        await Until("one", "Programmed=Unknown:ReplicaUnreachable");
        Assert.True(_clock.GetUtcNow() - _clock.Start >= FleetView.Grace);
        _view.SetProxies("10.0.0.2", []);
        await Until("one", "Programmed=Unknown:NoProxy");
    }

    [Fact]
    public async Task StatusThatAnotherWrites_IsPutRight()
    {
        _view.SetPeers([]);
        AddRule("one");
        Publish("v1", "one");
        await Until("one", "Programmed=Unknown:NoProxy");
        var rule = _api.Find(Rules, "default", "one")!;
        rule["status"] = new JsonObject { ["observedGeneration"] = 1, ["conditions"] = new JsonArray() };
        _api.Put(Rules, "default", "one", rule);
        Assert.DoesNotContain("NoProxy", StatusOf("one"), StringComparison.Ordinal);
        Publish("v1", "one");
        await Until("one", "Programmed=Unknown:NoProxy");
    }

    private void AddRule(string name) => _api.Put(Rules, "default", name, new JsonObject
    {
        ["apiVersion"] = $"{Names.Group}/{Names.Version}",
        ["kind"] = "RouteRule",
        ["metadata"] = new JsonObject { ["namespace"] = "default", ["name"] = name, ["uid"] = name, ["generation"] = 1 },
    });

    private void Publish(string version, params string[] rules)
    {
        var conditions = rules
            .Select(name => (name, _api.Find(Rules, "default", name)?["status"]?["conditions"]))
            .Where(r => r.Item2 is not null);
        _states.Publish(
            new DiscoveryState(
                ++_sequence,
                new ClusterSnapshot(),
                [
                    .. rules.Select(name => new ObjectMeta
                    {
                        Namespace = "default",
                        Name = name,
                        Uid = name,
                        Generation = 1,
                    }),
                ],
                RouteTable.Empty with
                {
                    Version = version,
                },
                TableResources.None,
                [])
            {
                RuleConditions = conditions.ToImmutableDictionary(r => r.name, r => r.Item2!.ToJsonString(), StringComparer.Ordinal),
            });
    }

    private Task Until(string rule, string expected) =>
        Wait.Until(() => StatusOf(rule).Contains(expected, StringComparison.Ordinal), $"{rule}: {expected}", _clock);

    private string StatusOf(string rule) =>
        string.Join(
            ' ',
            (_api.Find(Rules, "default", rule)?["status"]?["conditions"] as JsonArray ?? []).Select(c =>
                $"{c!["type"]}={c["status"]}:{c["reason"]}"));
}
