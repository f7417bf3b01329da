using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Turnpike.IngressProxy.AccessLog;
using Turnpike.IngressProxy.Admin;
using Turnpike.IngressProxy.Front;
using Turnpike.IngressProxy.Tls;
using Turnpike.IngressProxy.Upstream;
using Turnpike.Pipeline;
using Turnpike.Pipeline.Metrics;
using Turnpike.Routing;

namespace Turnpike.IngressProxy;

/// <summary>
/// The data plane: listeners for clients, listeners for probes, metrics and the table, and the table that decides what happens to requests.
/// It depends on no other program once it has a table, and it is not ready before.
/// </summary>
public sealed class ProxyServer : IAsyncDisposable
{
    private readonly ProxyOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Readiness _readiness = new();
    private readonly ListenerBindings _listeners;
    private readonly ProxyMetrics _metrics;
    private readonly DeadlineTimer _deadlines;
    private readonly UpstreamClient _upstream;
    private readonly CertificateSelector _certificates;
    private readonly ProxyPipeline _pipeline;
    private readonly RequestLog? _log;
    private readonly Lock _swap = new();
    private ImmutableArray<UnservedListener> _unserved = [];
    private KestrelFront? _front;
    private AdminServer? _status;
    private AdminServer? _admin;
    private MemoryTrim? _trim;

    private ProxyServer(ProxyOptions options, ILoggerFactory loggers, TimeProvider time)
    {
        _options = options;
        _time = time;
        _logger = loggers.CreateLogger("Turnpike.Proxy");
        _listeners = new ListenerBindings([.. options.Listeners.Select(l => (l.Name, l.Protocol, l.Port))]);
        _metrics = new ProxyMetrics(_listeners);
        _certificates = new CertificateSelector(_logger, time);
        _deadlines = new DeadlineTimer(time);
        _upstream = new UpstreamClient(new UpstreamReport(_metrics, _logger, time), _deadlines, time);
        _log = options.AccessLog == AccessLogFormat.Off ? null : new RequestLog(options.AccessLog, options.AccessLogSink ?? RequestLog.StandardOutput(), _metrics, time);
        _pipeline = new ProxyPipeline(_listeners, _upstream, _metrics, _logger, options.Random, time, _deadlines, log: _log);
    }

    /// <summary>Where clients are served, by the name of the listener.</summary>
    public IEnumerable<(string Listener, IPEndPoint EndPoint)> Listening => _listeners.All.Select(l => (l.Name, _front!.EndPointOf(l)));

    /// <summary>The address of probes and metrics; null when there is no port for them.</summary>
    public IPEndPoint? Status => _status?.EndPoint;

    /// <summary>The address, on loopback, of the same and the table.</summary>
    public IPEndPoint Admin => _admin!.EndPoint;

    /// <summary>The current table.</summary>
    public RouteTable Table => _pipeline.Table;

    /// <summary>Returns where the clients of a listener are served.</summary>
    /// <exception cref="InvalidOperationException">The options name no such listener.</exception>
    public IPEndPoint EndPointOf(string listener) => _front!.EndPointOf(_listeners[listener]);

    /// <summary>Starts a proxy with an empty table; it becomes ready with the first <see cref="Swap"/>.</summary>
    /// <exception cref="IOException">A port is taken.</exception>
    public static async Task<ProxyServer> StartAsync(
        ProxyOptions options, ILoggerFactory? loggers = null, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        loggers ??= NullLoggerFactory.Instance;
        var proxy = new ProxyServer(options, loggers, time ?? TimeProvider.System);
        try
        {
            var guard = new ConnectionGuard(options, proxy._metrics, proxy._time);
            proxy._front = await KestrelFront.StartAsync(
                options, proxy._listeners, proxy._pipeline, proxy._certificates, guard, proxy._time, loggers, cancellationToken);
            proxy._trim = new MemoryTrim(proxy._metrics, TimeProvider.System);
            var status = new StatusPages(proxy._readiness, proxy._metrics, proxy._pipeline);
            proxy._admin = await AdminServer.StartAsync(new IPEndPoint(IPAddress.Loopback, options.AdminPort), new AdminPages(status, proxy._pipeline), loggers, cancellationToken);
            if (options.StatusPort is { } port)
                proxy._status = await AdminServer.StartAsync(new IPEndPoint(options.Address, port), status, loggers, cancellationToken);
            return proxy;
        }
        catch
        {
            await proxy.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Replaces the table. Requests that begin from now on use it, and those under way keep the one that they have. It may be called from any
    /// thread.
    /// </summary>
    /// <exception cref="FormatException">The table cannot be used, and the one before stays.</exception>
    public void Swap(RouteTable table)
    {
        lock (_swap)
        {
            var began = Stopwatch.GetTimestamp();
            _pipeline.Swap(table);
            _certificates.Update(table.Certificates);
            _metrics.TableSwapped(table.Version, Stopwatch.GetElapsedTime(began));
            _readiness.TableLoaded();
            ReportUnserved();
        }
    }

    /// <summary>Counts a table that could not be loaded.</summary>
    public void CountLoadFailure() => _metrics.TableLoadFailed();

    /// <summary>
    /// Stops without dropping requests. The proxy is no longer ready at once, goes on serving for <see cref="ProxyOptions.DrainDelay"/>, and
    /// then accepts nothing more until the requests in flight have finished or their time is over. Probes, metrics and the table stay.
    /// </summary>
    /// <param name="cancellationToken">Breaks off the requests that are still in flight.</param>
    public async Task DrainAsync(CancellationToken cancellationToken = default)
    {
        _readiness.BeginDraining();
        _front!.BeginDraining();
        var duration = _options.DrainDuration ?? Table.Settings.EffectiveDrainDuration;
        _logger.Draining(_options.DrainDelay, duration);
        await Task.Delay(_options.DrainDelay, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        using var limit = new CancellationTokenSource(duration, _time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        await _front.StopAsync(end.Token);
        _logger.Drained(_metrics.ActiveRequests);
    }

    /// <summary>Says which listeners are not served, once for each reason and not with each table.</summary>
    private void ReportUnserved()
    {
        var unserved = _pipeline.UnservedListeners;
        foreach (var listener in unserved.Where(l => !_unserved.Contains(l)))
            _logger.ListenerNotServed(listener.Name, listener.Reason);
        _unserved = unserved;
    }

    /// <summary>Stops at once.</summary>
    public async ValueTask DisposeAsync()
    {
        _trim?.Dispose();
        if (_front is not null)
            await _front.DisposeAsync();
        if (_status is not null)
            await _status.DisposeAsync();
        if (_admin is not null)
            await _admin.DisposeAsync();
        _upstream.Dispose();
        _deadlines.Dispose();
        _log?.Dispose();
    }
}
