using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Turnpike.Hosting.Watch;
using Turnpike.Operator;
using Turnpike.Operator.Status;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.ControlPlane;
using Turnpike.Tests.Support.FakeApiServer;

namespace Turnpike.Tests.Operator;

/// <summary>The leader's ConfigMap <c>turnpike-status</c>, written to a fake API server in virtual time.</summary>
public sealed class FleetStatusTests : IAsyncLifetime
{
    private const string ConfigMaps = "v1/configmaps";

    private readonly CancellationTokenSource _term = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly RecordedLog _log = new();
    private readonly List<Task> _running = [];
    private Cluster _cluster = null!;
    private WebApplication _operator = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await Cluster.StartAsync();
        var kubeconfig = _cluster.WriteKubeconfig();
        _operator = OperatorHost.Build(new OperatorOptions(kubeconfig, "operator-1", "127.0.0.1", "image", _cluster.TokenFile));
        var record = _operator.Services.GetRequiredService<Informer<OperatorHost.ProofRecord>>();
        _running.Add(Task.Run(() => record.RunAsync(_term.Token)));
    }

    public async ValueTask DisposeAsync()
    {
        await _term.CancelAsync();
        await Task.WhenAll(_running);
        await _operator.DisposeAsync();
        await _cluster.DisposeAsync();
        _term.Dispose();
    }

    [Fact]
    public async Task MissingNamespace_IsNotThereYet()
    {
        Assert.Null(_cluster.Api.Find("v1/namespaces", "", "istio-system"));
        Start();
        await Until(() => IsWritten, "the status");
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task Failure_ThatRepeats_IsLoggedOnce()
    {
        var refused = 0;
        _cluster.Api.Faults = request => request.Method == "PATCH" && Interlocked.Increment(ref refused) > 0 ? new Fault(503) : null;
        Start();
        await Until(() => Volatile.Read(ref refused) >= 4, "four attempts");
        Assert.Single(_log.Lines);

        _cluster.Api.Faults = null;
        await Until(() => IsWritten, "the status");
        Assert.Single(_log.Lines);
    }

    private bool IsWritten => _cluster.Api.Find(ConfigMaps, "istio-system", "turnpike-status") is not null;

    private void Start()
    {
        var controller = ActivatorUtilities.CreateInstance<FleetStatusController>(_operator.Services, _log, _clock);
        _running.Add(Task.Run(() => controller.RunAsync(_term.Token)));
    }

    private Task Until(Func<bool> condition, string what) => Wait.Until(condition, what, _clock, TimeSpan.FromSeconds(1));

    private sealed class RecordedLog : ILogger<FleetStatusController>
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                Lines.Enqueue(formatter(state, exception));
        }
    }
}
