using Microsoft.Extensions.Logging;
using Turnpike.IngressProxy.Admin;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.Pipeline;

/// <summary>All that happens to a request between the front and the upstream client. Knows neither.</summary>
internal sealed class ProxyPipeline
{
    private readonly ProxyMetrics _metrics;
    private readonly ILogger _logger;
    private readonly Random _random;
    private readonly TimeProvider _time;
    private readonly Forwarder _forwarder;
    private readonly WebSocketTunnel _webSockets;
    private readonly RequestBudget _memory;
    private volatile TableState _state;

    public ProxyPipeline(IUpstreamClient client, ProxyMetrics metrics, ILogger logger, Random random, TimeProvider time, BodyBudget? budget = null, RequestBudget? memory = null)
    {
        _metrics = metrics;
        _logger = logger;
        _random = random;
        _time = time;
        _forwarder = new Forwarder(client, new Mirror(client, metrics, random, time), budget ?? new BodyBudget(BodyBudget.DefaultTotal, metrics), metrics, random, time);
        _memory = memory ?? new RequestBudget(RequestBudget.DefaultTotal);
        _webSockets = new WebSocketTunnel(client, metrics, time);
        _state = TableState.Create(RouteTable.Empty, null);
    }

    public RouteTable Table => _state.Table;

    public int EjectedEndpoints => _state.EjectedEndpoints;

    /// <summary>Requests that begin from now on see the new table; those under way keep theirs. One caller at a time.</summary>
    public void Swap(RouteTable table) => _state = TableState.Create(table, _state);

    public async Task HandleAsync(Exchange exchange)
    {
        var state = _state;
        var began = _time.GetTimestamp();
        _metrics.RequestBegan();
        PathEntry? entry = null;
        Route? route = null;
        var cost = RequestBudget.CostOf(exchange);
        var hasRoom = _memory.TryTake(cost);
        try
        {
            if (!hasRoom)
            {
                _metrics.Overflowed(CircuitLimit.Memory);
                await LocalAnswer.SendOverflowAsync(exchange);
                return;
            }
            if (Refusal(exchange.Request) is not 0 and var status)
            {
                await LocalAnswer.SendAsync(exchange, status);
                return;
            }
            (entry, route) = Match(exchange, state);
            if (entry is not null && route is not null)
                exchange.MatchedPath = PathMatch.Intersect(entry.Path, route.Path) ?? route.Path;
            if (route is null)
                await LocalAnswer.SendAsync(exchange, 404);
            else
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
            _logger.RequestFailed(e, entry?.Origin.ToString(), route?.Rule);
            if (exchange.ResponseStarted)
            {
                exchange.Abort();
            }
            else
            {
                exchange.Response.StartOver();
                await LocalAnswer.SendAsync(exchange, 500);
            }
        }
        finally
        {
            if (hasRoom)
                _memory.GiveBack(cost);
            var gone = exchange.ClientGone.IsCancellationRequested;
            _metrics.RequestEnded(exchange.Connection.Listener, entry?.Origin, route?.Rule, gone ? 0 : exchange.Response.Status, _time.GetElapsedTime(began));
        }
    }

    /// <summary>The status for a request that is none of this proxy's; 0 where it is (behaviour reference §3.14).</summary>
    private static int Refusal(RequestHead request)
    {
        if (request.Version == HttpGeneration.Http10)
            return 426;
        if (request.IsMalformed)
            return 400;
        // CONNECT with a path is HTTP/2 for a protocol inside the stream; of those only WebSocket is known, and that is a GET here.
        return request.Target.StartsWith('/') && request.Method != "CONNECT" ? 0 : 404;
    }

    internal static (PathEntry? Entry, Route? Route) Match(Exchange exchange, TableState state)
    {
        var request = exchange.Request;
        if (state.HostsOf(exchange.Connection.Listener).Find(request.Authority) is not { } host)
            return default;
        var path = request.Target.AsSpan(0, PathRewrite.PathLength(request.Target));
        if (host.FindPath(path) is not { } entry)
            return default;
        var key = new RequestKey(request.Method, request.Scheme, request.Authority, path);
        return (entry, VirtualHost.FindRoute(entry, key, new HeaderView(request.Headers)));
    }

    private async ValueTask ActAsync(Exchange exchange, TableState state, Route route)
    {
        var request = exchange.Request;
        if (route.Redirect is { } redirect)
        {
            var scheme = RequestHeaderRules.ForwardedScheme(exchange, state.Trusts(exchange.Connection.Peer));
            exchange.Response.Headers.Add("location", PathRewrite.Location(redirect, scheme, request.Authority, request.Target));
            await LocalAnswer.SendAsync(exchange, redirect.Status);
            return;
        }
        if (request.IsWebSocket)
        {
            if (route.AllowWebSocket)
            {
                var cluster = state.FindCluster(_forwarder.ChooseTarget(route));
                await _webSockets.ConnectAsync(exchange, cluster, route, state.Trusts(exchange.Connection.Peer), state.BodyPatience, _random);
            }
            else
            {
                await LocalAnswer.SendAsync(exchange, 403);
            }
            return;
        }
        if (route.Cors is { } cors && Cors.Apply(cors, exchange))
        {
            await LocalAnswer.SendAsync(exchange, 200);
            return;
        }
        if (route.Fault is { } fault && await FailOnPurposeAsync(exchange, fault))
            return;
        await _forwarder.ForwardAsync(exchange, state, route);
    }

    /// <summary>Delay and abort are drawn independently; true where the request was answered.</summary>
    private async ValueTask<bool> FailOnPurposeAsync(Exchange exchange, FaultAction fault)
    {
        if (Drawn(fault.DelayPercent) && fault.Delay > TimeSpan.Zero)
            await Task.Delay(fault.Delay, _time, exchange.ClientGone);
        if (fault.AbortStatus == 0 || !Drawn(fault.AbortPercent))
            return false;
        await LocalAnswer.SendAsync(exchange, fault.AbortStatus, LocalAnswer.FaultAbort);
        return true;
    }

    private bool Drawn(double percent) => percent > 0 && (percent >= 100 || _random.NextDouble() * 100 < percent);
}
