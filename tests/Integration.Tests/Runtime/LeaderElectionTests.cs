using Microsoft.Extensions.Logging.Abstractions;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Reconcile;
using Turnpike.Tests.Integration.Support;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Kubernetes;

namespace Turnpike.Tests.Integration.Runtime;

/// <summary>
/// Candidates in real time: each leader writes its name into one ConfigMap as fast as it can, and a watch sees who writes.
/// </summary>
public sealed class LeaderElectionTests(ApiServerFixture server)
{
    private static readonly ResourceRef Leases = new("coordination.k8s.io", "v1", "leases", "Lease");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OneOfTwo_Leads_AndHandsOverAtOnce_WhenStopped()
    {
        var ns = await server.CreateNamespaceAsync(Cancelled);
        await using var writes = Watch(ns);

        // A Lease of an hour: only its release can hand it over.
        var patient = new LeaderElectionOptions(new(ns, "lock"), "")
        {
            LeaseDuration = TimeSpan.FromHours(1),
            RenewDeadline = TimeSpan.FromMinutes(30),
            RetryPeriod = TimeSpan.FromMilliseconds(200),
        };
        await using var a = new Candidate(server, ns, patient with { Identity = "a" }, server.Kubeconfig);
        await Wait.Until(() => writes.Told.Contains("=a", StringComparison.Ordinal), "a write of a");
        await using var b = new Candidate(server, ns, patient with { Identity = "b" }, server.Kubeconfig);
        await Wait.Until(() => b.Timers > 1, "an attempt of b");
        Assert.Equal((true, false), (a.Leads, b.Leads));

        await a.DisposeAsync();
        await Wait.Until(() => b.Leads, "the handover", limit: TimeSpan.FromSeconds(10));
        await Wait.Until(() => writes.Told.Contains("=b", StringComparison.Ordinal), "a write of b");
        AssertOneAfterTheOther(writes);
        var lease = await LeaseAsync(ns);
        Assert.Equal(("b", "1"), (lease.TextAt("spec.holderIdentity"), lease.TextAt("spec.leaseTransitions")));
    }

    [Fact]
    public async Task Leader_ThatCannotRenew_StopsWriting_BeforeAnotherStarts()
    {
        var ns = await server.CreateNamespaceAsync(Cancelled);
        await using var writes = Watch(ns);
        await using var relay = new Relay(KubeEndpoint.FromKubeconfig(server.Kubeconfig).Server);
        var hasty = new LeaderElectionOptions(new(ns, "lock"), "")
        {
            LeaseDuration = TimeSpan.FromSeconds(4),
            RenewDeadline = TimeSpan.FromSeconds(2),
            RetryPeriod = TimeSpan.FromMilliseconds(200),
        };

        // Cut off from the Lease, but not from what it writes: nothing but its own decision stops it.
        await using var a = new Candidate(server, ns, hasty with { Identity = "a" }, await server.KubeconfigAsync(relay.Address));
        await Wait.Until(() => writes.Told.Contains("=a", StringComparison.Ordinal), "a write of a");
        await using var b = new Candidate(server, ns, hasty with { Identity = "b" }, server.Kubeconfig);
        relay.Cut();

        await Wait.Until(() => b.Leads, "the takeover");
        Assert.False(a.Leads);
        await Wait.Until(() => writes.Told.Contains("=b", StringComparison.Ordinal), "a write of b");
        relay.Mend();
        AssertOneAfterTheOther(writes);
    }

    [Fact]
    public async Task Leader_WhoseLeaseIsTaken_StopsWriting()
    {
        var ns = await server.CreateNamespaceAsync(Cancelled);
        await using var writes = Watch(ns);
        var patient = new LeaderElectionOptions(new(ns, "lock"), "a")
        {
            LeaseDuration = TimeSpan.FromHours(1),
            RenewDeadline = TimeSpan.FromMinutes(30),
            RetryPeriod = TimeSpan.FromMilliseconds(200),
        };
        await using var a = new Candidate(server, ns, patient, server.Kubeconfig);
        await Wait.Until(() => writes.Told.Contains("=a", StringComparison.Ordinal), "a write of a");

        await server.Api.MergeAsync(Leases, new(ns, "lock"), """{"spec":{"holderIdentity":"thief"}}""", Cancelled);
        await Wait.Until(() => !a.Leads && !a.Works, "the end of the term");
        var last = (await server.Api.GetAsync(Kind.ConfigMaps, new(ns, "diary"), Cancelled)).ResourceVersion();
        var timers = a.Timers;
        await Wait.Until(() => a.Timers > timers + 4, "more attempts");
        Assert.Equal(last, (await server.Api.GetAsync(Kind.ConfigMaps, new(ns, "diary"), Cancelled)).ResourceVersion());
        Assert.Equal("thief", (await LeaseAsync(ns)).TextAt("spec.holderIdentity"));
    }

    private WatchedConfigMaps Watch(string ns) =>
        new(new(KubeEndpoint.FromKubeconfig(server.Kubeconfig)), new() { Namespace = ns, FieldSelector = "metadata.name=diary" });

    private Task<System.Text.Json.JsonElement> LeaseAsync(string ns) => server.Api.GetAsync(Leases, new(ns, "lock"), Cancelled);

    /// <summary>The diary was told write by write: the first writer's come before all of the second one's.</summary>
    private static void AssertOneAfterTheOther(WatchedConfigMaps writes) =>
        Assert.Matches("^(.diary=a-[0-9]+ ?)+(.diary=b-[0-9]+ ?)+$", writes.Told);

    private sealed class Candidate : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly KubeApi _client;
        private readonly LeaderElection _election;
        private readonly Task _run;
        private readonly CountingClock _clock = new();
        private volatile bool _works;

        public Candidate(ApiServerFixture server, string ns, LeaderElectionOptions options, string kubeconfig)
        {
            _client = new(KubeEndpoint.FromKubeconfig(kubeconfig));
            _election = new(_client, options, NullLogger<LeaderElection>.Instance, _clock);
            _run = Task.Run(() => _election.RunAsync(term => WriteAsync(server.Api, ns, options.Identity, term), _stop.Token));
        }

        public bool Leads => _election.IsLeader;

        public bool Works => _works;

        /// <summary>Each attempt makes one for its deadline and one for the pause after it.</summary>
        public int Timers => _clock.Timers;

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _run.WaitAsync(TimeSpan.FromSeconds(30));
            _client.Dispose();
        }

        private async Task WriteAsync(KubeApi api, string ns, string name, CancellationToken term)
        {
            _works = true;
            try
            {
                for (var i = 0; ; i++)
                {
                    await WatchedConfigMaps.PutAsync(api, ns, "diary", $"{name}-{i}", term);
                    await Wait.Lasting(TimeSpan.FromMilliseconds(20), term);
                }
            }
            finally
            {
                _works = false;
            }
        }
    }

    /// <summary>Real time that counts how often code has waited for it.</summary>
    private sealed class CountingClock : TimeProvider
    {
        private int _timers;

        public int Timers => Volatile.Read(ref _timers);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Interlocked.Increment(ref _timers);
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
