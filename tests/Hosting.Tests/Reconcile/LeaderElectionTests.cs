using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Reconcile;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.FakeApiServer;

namespace Turnpike.Tests.Hosting.Reconcile;

public sealed class LeaderElectionTests : IAsyncLifetime
{
    private const string Collection = "coordination.k8s.io/v1/leases";

    // Deadlines of minutes over retries of seconds: virtual time passes faster than ours, and a busy machine must not lose a Lease by it.
    private static readonly TimeSpan LeaseDuration = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan RenewDeadline = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _clock = new(DateTimeOffset.Parse("2026-06-01T00:00:00Z", CultureInfo.InvariantCulture));
    private readonly List<Candidate> _candidates = [];
    private FakeApi _api = null!;
    private int _active;
    private int _mostActive;

    public async ValueTask InitializeAsync() => _api = await FakeApi.StartAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var candidate in _candidates)
            await candidate.DisposeAsync();
        await _api.DisposeAsync();
        Assert.InRange(_mostActive, 0, 1);
    }

    [Fact]
    public async Task OneOfThree_Leads_AndHandsOverWhenStopped()
    {
        var all = new[] { Add("a"), Add("b"), Add("c") };
        await Until(() => all.Count(it => it.Leads) == 1, "a leader");
        var first = all.Single(it => it.Leads);
        var renewed = Lease["renewTime"]!.ToString();
        await Until(() => Lease["renewTime"]!.ToString() != renewed, "a renewal");
        Assert.Same(first, all.Single(it => it.Leads));
        Assert.Equal(first.Name, (string?)Lease["holderIdentity"]);
        var term = first.Term;
        Assert.False(term.IsCancellationRequested);
        Assert.All(all.Where(it => it != first), it => Assert.True(it.Term.IsCancellationRequested));

        var stopped = _clock.GetUtcNow();
        await first.DisposeAsync();
        Assert.Equal(0, _active);
        Assert.True(term.IsCancellationRequested);
        Assert.Equal("", (string?)Lease["holderIdentity"]);

        await Until(() => all.Count(it => it.Leads) == 1, "a successor");
        Assert.NotSame(first, all.Single(it => it.Leads));
        Assert.InRange(_clock.GetUtcNow() - stopped, TimeSpan.Zero, LeaseDuration / 2);
        Assert.Equal(1, (int)Lease["leaseTransitions"]!);
    }

    [Fact]
    public async Task ShortOutage_LosesNothing()
    {
        var only = Add("a");
        await Until(() => only.Leads, "a leader");

        var refused = 0;
        _api.Faults = _ => Interlocked.Increment(ref refused) > 0 ? new(503) : null;
        await Until(() => refused >= 4, "some refused renewals");
        Assert.True(only.Leads);

        _api.Faults = null;
        var renewed = Lease["renewTime"]!.ToString();
        await Until(() => Lease["renewTime"]!.ToString() != renewed, "a renewal");
        Assert.Equal((true, 1, 0), (only.Leads, only.Terms, (int)Lease["leaseTransitions"]!));
    }

    [Fact]
    public async Task LongOutage_StopsTheWork_BeforeTheLeaseCanRunOut()
    {
        var only = Add("a");
        await Until(() => only.Leads, "a leader");

        _api.Faults = _ => new(503);
        var cut = _clock.GetUtcNow();
        await Until(() => _active == 0 && !only.Leads, "the end of the work", TimeSpan.FromSeconds(10));
        Assert.InRange(_clock.GetUtcNow() - cut, TimeSpan.Zero, LeaseDuration);

        _api.Faults = null;
        await Until(() => only.Leads && only.Terms == 2, "another term");
    }

    [Fact]
    public async Task Lease_IsTakenOver_OnlyAfterItStoodStill()
    {
        var first = Add("a");
        await Until(() => first.Leads, "a leader");
        var second = Add("b");

        _api.Faults = request => request.Authorization == "Bearer a" ? new(503) : null;
        var cut = _clock.GetUtcNow();
        await Until(() => second.Leads, "the takeover", TimeSpan.FromSeconds(10));

        Assert.False(first.Leads);
        Assert.True(_clock.GetUtcNow() - cut >= LeaseDuration - RetryPeriod * 2);
        Assert.Equal("b", (string?)Lease["holderIdentity"]);
    }

    [Fact]
    public async Task Lease_OfAWrongClock_IsStillRespected()
    {
        // The holder's clock is years behind; what counts is that the record changes before our eyes.
        _api.Put(
            Collection,
            "system",
            "lock",
            JsonNode
                .Parse(
                    """
                    {"metadata":{"labels":{"keep":"me"}},
                     "spec":{"holderIdentity":"ghost","leaseDurationSeconds":60,"renewTime":"2001-01-01T00:00:00.000000Z","leaseTransitions":7,"strategy":"x"}}
                    """)!
                .AsObject());
        var only = Add("a");
        await Until(() => _api.Requests.Count > 2, "some looks");
        Assert.False(only.Leads);

        await Until(() => only.Leads, "the takeover", TimeSpan.FromSeconds(1));
        Assert.Equal((8, "x"), ((int)Lease["leaseTransitions"]!, (string?)Lease["strategy"]));
        Assert.Equal("me", (string?)_api.Find(Collection, "system", "lock")!["metadata"]!["labels"]!["keep"]);
    }

    [Fact]
    public async Task Leader_StepsDown_WhenAnotherHoldsTheLease()
    {
        var only = Add("a");
        await Until(() => only.Leads, "a leader");
        var stolen = _api.Find(Collection, "system", "lock")!;
        stolen["spec"]!["holderIdentity"] = "thief";
        _api.Put(Collection, "system", "lock", stolen);

        await Until(() => !only.Leads && _active == 0, "the end of the term");
        Assert.Equal("thief", (string?)Lease["holderIdentity"]);
    }

    [Fact]
    public async Task Work_ThatEndsByItself_GivesTheLeaseUp_AndIsTriedAgain()
    {
        var only = Add("a", (term, _) => term == 1 ? throw new InvalidOperationException("boom") : Task.CompletedTask);
        await Until(() => only.Terms >= 3, "more terms");
        await only.DisposeAsync();
        Assert.Equal("", (string?)Lease["holderIdentity"]);
    }

    [Fact]
    public async Task NextTerm_Waits_UntilTheLastOnesWorkIsOver()
    {
        var release = new TaskCompletionSource();
        var only = Add("a", (term, ct) => term == 1 ? release.Task : Wait.Forever(ct));
        await Until(() => only.Leads, "a leader");
        _api.Faults = _ => new(503);
        await Until(() => !only.Leads, "the end of the term", TimeSpan.FromSeconds(10));
        _api.Faults = null;

        for (var i = 0; i < 20; i++)
            _clock.Advance(LeaseDuration);
        Assert.Equal(1, only.Terms);
        release.SetResult();
        await Until(() => only.Terms == 2 && only.Leads, "the second term");
    }

    private JsonObject Lease => _api.Find(Collection, "system", "lock")!["spec"]!.AsObject();

    private Candidate Add(string name, Func<int, CancellationToken, Task>? work = null)
    {
        var candidate = new Candidate(this, name, work ?? ((_, term) => Wait.Forever(term)));
        _candidates.Add(candidate);
        return candidate;
    }

    private Task Until(Func<bool> condition, string what, TimeSpan? step = null) => Wait.Until(condition, what, _clock, step);

    private sealed class Candidate : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly LeaderElectionTests _test;
        private readonly Func<int, CancellationToken, Task> _work;
        private readonly KubeApi _client;
        private readonly LeaderElection _election;
        private readonly Task _run;

        public Candidate(LeaderElectionTests test, string name, Func<int, CancellationToken, Task> work)
        {
            (_test, _work, Name) = (test, work, name);
            _client = new(KubeEndpoint.At(test._api.Url, token: name));
            var options = new LeaderElectionOptions(new("system", "lock"), name)
            {
                LeaseDuration = LeaseDuration,
                RenewDeadline = RenewDeadline,
                RetryPeriod = RetryPeriod,

                // All at the same moment, so that they do get in each other's way.
                Jitter = () => 0,
            };
            _election = new(_client, options, NullLogger<LeaderElection>.Instance, test._clock);
            _run = Task.Run(() => _election.RunAsync(LeadAsync, _stop.Token));
        }

        public string Name { get; }

        public int Terms { get; private set; }

        public bool Leads => _election.IsLeader;

        public CancellationToken Term => _election.Term;

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _run.WaitAsync(TimeSpan.FromSeconds(10));
            _client.Dispose();
        }

        private async Task LeadAsync(CancellationToken term)
        {
            var active = Interlocked.Increment(ref _test._active);
            _test._mostActive = Math.Max(_test._mostActive, active);
            try
            {
                await _work(++Terms, term);
            }
            finally
            {
                Interlocked.Decrement(ref _test._active);
            }
        }
    }
}
