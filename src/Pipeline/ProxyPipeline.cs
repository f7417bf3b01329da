using System.Buffers;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Turnpike.Http;
using Turnpike.Pipeline.Metrics;
using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>Handles requests between the front and the upstream client, and depends on neither.</summary>
internal sealed class ProxyPipeline
{
    private readonly ListenerBindings _listeners;
    private readonly ProxyMetrics _metrics;
    private readonly ILogger _logger;
    private readonly Random _random;
    private readonly TimeProvider _time;
    private readonly IDeadlines _deadlines;
    private readonly Forwarder _forwarder;
    private readonly WebSocketTunnel _webSockets;
    private readonly RequestBudget _memory;
    private readonly IRequestLog? _log;
    private volatile TableState _state;

    public ProxyPipeline(
        ListenerBindings listeners,
        IUpstreamClient client,
        ProxyMetrics metrics,
        ILogger logger,
        Random random,
        TimeProvider time,
        IDeadlines deadlines,
        BodyBudget? budget = null,
        RequestBudget? memory = null,
        IRequestLog? log = null)
    {
        _listeners = listeners;
        _metrics = metrics;
        _logger = logger;
        _random = random;
        _time = time;
        _deadlines = deadlines;
        var services = new AttemptServices(client, metrics, random, time, deadlines);
        _forwarder = new Forwarder(services, new Mirror(services), budget ?? new BodyBudget(BodyBudget.DefaultTotal, metrics));
        _memory = memory ?? new RequestBudget(RequestBudget.DefaultTotal);
        _log = log;
        _webSockets = new WebSocketTunnel(services);
        _state = TableState.Create(RouteTable.Empty, listeners, null);
    }

    public RouteTable Table => _state.Table;

    public int EjectedEndpoints => _state.EjectedEndpoints;

    /// <summary>The listeners of the current table that this proxy cannot serve.</summary>
    public ImmutableArray<UnservedListener> UnservedListeners => _state.Unserved;

    /// <summary>
    /// Puts a new table into use. Requests that begin from now on see it, and those under way keep theirs. One caller at a time may call
    /// this.
    /// </summary>
    public void Swap(RouteTable table) => _state = TableState.Create(table, _listeners, _state);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask HandleAsync(Exchange exchange)
    {
        var state = _state;
        var began = _time.GetTimestamp();
        _metrics.RequestBegan();
        var match = default(RouteMatch);
        var cost = RequestBudget.CostOf(exchange);
        var hasRoom = _memory.TryTake(cost);
        try
        {
            if (!hasRoom)
            {
                _metrics.Overflowed(CircuitLimit.Memory);
                await LocalReply.SendOverflowAsync(exchange);
                return;
            }
            if (Refusal(exchange.Request) is not (0, _) and var (status, why))
            {
                exchange.Trace.Reason = ReplyReason.NotServed;
                await LocalReply.SendAsync(exchange, status, why);
                return;
            }
            match = Match(exchange, state, _listeners.Secure);
            if (match.Route is not { } route)
            {
                exchange.Trace.Reason = ReplyReason.NoRoute;
                await LocalReply.SendAsync(exchange, 404, match.WhyNot(exchange.Request));
                return;
            }
            exchange.MatchedPath = PathMatch.Intersect(match.Entry!.Path, route.Path) ?? route.Path;
            await ActAsync(exchange, state, route);
        }
        catch (Exception) when (exchange.ClientGone.IsCancellationRequested)
        {
            exchange.Abort();
        }
        catch (ClientGoneException)
        {
            exchange.Abort();
        }
        catch (Exception e)
        {
            _logger.RequestFailed(e, match.Entry?.Origin.ToString(), match.Route?.Rule);
            exchange.Trace.Reason = ReplyReason.InternalError;
            if (exchange.ResponseStarted)
            {
                exchange.Abort();
            }
            else
            {
                exchange.Response.StartOver();
                await LocalReply.SendAsync(exchange, 500);
            }
        }
        finally
        {
            if (hasRoom)
                _memory.GiveBack(cost);
            var gone = exchange.ClientGone.IsCancellationRequested;
            var elapsed = _time.GetElapsedTime(began);
            var listener = exchange.Connection.Listener;
            var counts = state.Counters.Of(_metrics, listener, match.Entry, match.Route);
            _metrics.RequestEnded(listener, counts, gone ? 0 : exchange.Response.Status, elapsed);
            _log?.Add(exchange, match.Entry?.Origin, match.Route?.Rule, gone, elapsed);
        }
    }

    /// <summary>Returns the status for a request that this proxy does not serve, and why; 0 when it does (istio-2017.md §3.14).</summary>
    private static (int Status, string Why) Refusal(RequestHead request)
    {
        if (request.Version == HttpGeneration.Http10)
            return (426, "");
        if (request.IsMalformed)
            return (400, "");
        // CONNECT with a path asks, over HTTP/2, for a protocol inside the stream. Only WebSocket is known, and it is a GET here.
        if (request.Method.SequenceEqual("CONNECT"u8))
            return (404, LocalReply.NoTunnel);
        return request.Target.StartsWith((byte)'/') ? default : (404, LocalReply.NotAPath);
    }

    internal static RouteMatch Match(Exchange exchange, TableState state, ListenerBinding? secure)
    {
        var match = RouteMatch.Of(state.HostsOf(exchange.Connection.Listener), exchange.Request);
        // A trusted proxy in front of this one has terminated TLS already, so a redirect to HTTPS would send the client in a loop.
        return secure is not null && match.Route?.Redirect is { Scheme: "https", Authority: null, Path: null }
            && RequestHeaderRules.ForwardedScheme(exchange, state.Trusts(exchange.Connection.Peer)).SequenceEqual("https"u8)
            ? RouteMatch.Of(state.HostsOf(secure), exchange.Request)
            : match;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ActAsync(Exchange exchange, TableState state, Route route)
    {
        var request = exchange.Request;
        if (route.Redirect is { } redirect)
        {
            exchange.Trace.Reason = ReplyReason.Redirected;
            AddLocation(exchange, redirect, state.Trusts(exchange.Connection.Peer));
            await LocalReply.SendAsync(exchange, redirect.Status);
            return;
        }
        if (route.DirectResponse is { } response)
        {
            exchange.Trace.Reason = ReplyReason.DirectResponse;
            await LocalReply.SendAsync(exchange, response.Status, response.Text);
            return;
        }
        if (request.IsWebSocket)
        {
            await OpenWebSocketAsync(exchange, state, route);
            return;
        }
        if (route.Cors is { } cors && Cors.Apply(cors, exchange))
        {
            exchange.Trace.Reason = ReplyReason.Preflight;
            await LocalReply.SendAsync(exchange, 200);
            return;
        }
        if (route.Fault is { } fault && await FailOnPurposeAsync(exchange, fault))
            return;
        await _forwarder.ForwardAsync(exchange, state, route);
    }

    private static void AddLocation(Exchange exchange, RedirectAction redirect, bool trusted)
    {
        var request = exchange.Request;
        var scheme = RequestHeaderRules.ForwardedScheme(exchange, trusted);
        var room = ArrayPool<byte>.Shared.Rent(PathRewrite.MaxLocationLength(redirect, scheme, request.Authority, request.Target));
        var length = PathRewrite.WriteLocation(redirect, scheme, request.Authority, request.Target, room);
        exchange.Response.Headers.Add(KnownHeader.Location, room.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(room);
    }

    private async ValueTask OpenWebSocketAsync(Exchange exchange, TableState state, Route route)
    {
        if (!route.AllowWebSocket)
        {
            exchange.Trace.Reason = ReplyReason.WebSocketNotAllowed;
            await LocalReply.SendAsync(exchange, 403, LocalReply.NoWebSocket);
            return;
        }
        // A client must not get past a rule that refuses requests by an abort by asking for a WebSocket.
        if (route.Fault is { } fault && await FailOnPurposeAsync(exchange, fault))
            return;
        var cluster = state.FindCluster(_forwarder.ChooseTarget(route));
        await _webSockets.ConnectAsync(exchange, cluster, route, state.Trusts(exchange.Connection.Peer), state.BodyIdlePolicy);
    }

    /// <summary>Injects the fault. Delay and abort are drawn independently. Returns true when the abort was sent.</summary>
    private async ValueTask<bool> FailOnPurposeAsync(Exchange exchange, FaultAction fault)
    {
        if (Drawn(fault.DelayPercent) && fault.Delay > TimeSpan.Zero)
            await _deadlines.DelayAsync(fault.Delay, exchange.ClientGone);
        if (fault.AbortStatus == 0 || !Drawn(fault.AbortPercent))
            return false;
        exchange.Trace.Reason = ReplyReason.FaultAbort;
        await LocalReply.SendAsync(exchange, fault.AbortStatus, LocalReply.FaultAbort);
        return true;
    }

    private bool Drawn(double percent) => percent > 0 && (percent >= 100 || _random.NextDouble() * 100 < percent);
}
