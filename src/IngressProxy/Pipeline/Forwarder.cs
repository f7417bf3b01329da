using Turnpike.IngressProxy.Admin;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.Pipeline;

/// <summary>Sends a request to one of the endpoints of its route and the answer back.</summary>
internal sealed class Forwarder(IUpstreamClient client, Mirror mirror, ProxyMetrics metrics, Random random, TimeProvider time)
{
    public async ValueTask ForwardAsync(Exchange exchange, TableState state, Route route)
    {
        var cluster = state.FindCluster(ChooseTarget(route));
        if (cluster is null or { EndpointCount: 0 })
        {
            await LocalAnswer.SendAsync(exchange, 503, LocalAnswer.NoHealthyUpstream);
            return;
        }
        var perTry = RequestHeaderRules.PerTryTimeout(route) ?? TimeSpan.Zero;
        using var clock = new RequestClock(time, route.Timeout, perTry, exchange.ClientGone);
        try
        {
            await ForwardAsync(exchange, state, route, cluster, clock);
        }
        catch (Exception e) when (!clock.ClientGone && e is OperationCanceledException or UpstreamException or RequestBodyException)
        {
            await FailAsync(exchange, clock, e);
        }
    }

    private async ValueTask ForwardAsync(
        Exchange exchange, TableState state, Route route, ClusterState cluster, RequestClock clock)
    {
        var request = exchange.Request;
        var outgoing = OutgoingRequest.Create(exchange, route, cluster.Cluster, state.Trusts(exchange.Connection.Peer));
        var copy = mirror.Prepare(state, route, outgoing);
        var retries = route.Retry is { Attempts: > 0 };
        RequestTap? body = null;
        if (exchange.RequestBody is { } incoming)
        {
            body = new RequestTap(incoming, keep: retries || copy is not null, clock, copy);
        }
        else
        {
            clock.Start();
            copy?.Send(null);
        }

        var began = time.GetTimestamp();
        using var plan = new RetryPlan(route, cluster, request.Method, body, metrics, random, time);
        UpstreamEndpoint? last = null;
        while (true)
        {
            var outcome = await TryAsync(outgoing, cluster, last, body, request.ContentLength, route.Timeout, clock);
            last = outcome.Endpoint;
            try
            {
                if (!plan.TriesAgain(outcome))
                {
                    plan.Dispose();
                    await AnswerAsync(exchange, outcome, time.GetElapsedTime(began), clock);
                    return;
                }
            }
            finally
            {
                await outcome.ReleaseAsync();
            }
            await plan.BackOffAsync(clock.Token);
        }
    }

    /// <summary>One try: waits for room, picks an endpoint, asks it.</summary>
    private async ValueTask<TryOutcome> TryAsync(
        OutgoingRequest outgoing, ClusterState cluster, UpstreamEndpoint? last, RequestTap? body, long? length, TimeSpan longestWait, RequestClock clock)
    {
        var gate = cluster.Circuits.GateOf(cluster.Cluster.Protocol);
        // The clock runs from the end of the request's body, which nobody reads before there is room: the wait has a limit of its own.
        var admission = await gate.EnterAsync(longestWait, time, clock.Token);
        if (admission == Admission.Overflow)
        {
            metrics.Overflowed(CircuitLimit.Requests);
            return new TryOutcome(null, null, null, TryFailure.Overflow);
        }
        if (admission == Admission.TimedOut)
            return new TryOutcome(null, null, null, TryFailure.Timeout);
        var endpoint = cluster.Pick(random, time, last)!;
        endpoint.Begin();
        try
        {
            var response = await client.SendAsync(outgoing.To(endpoint, cluster.Cluster, body, length), clock.BeginTry());
            clock.EndTry();
            endpoint.Answered();
            return new TryOutcome(endpoint, gate, response, TryFailure.None);
        }
        catch (OperationCanceledException) when (clock.TryTimedOut)
        {
            return new TryOutcome(endpoint, gate, null, TryFailure.Timeout);
        }
        catch (UpstreamException e)
        {
            endpoint.Failed(e.Failure, metrics, time);
            return new TryOutcome(endpoint, gate, null, e.Failure switch
            {
                UpstreamFailure.Connect => TryFailure.Connect,
                UpstreamFailure.Refused => TryFailure.Refused,
                _ => TryFailure.Reset,
            });
        }
        catch
        {
            endpoint.End();
            gate.Leave();
            throw;
        }
    }

    private static async ValueTask AnswerAsync(
        Exchange exchange, TryOutcome outcome, TimeSpan serviceTime, RequestClock clock)
    {
        if (outcome.Response is not { } response)
        {
            await (outcome.Failure switch
            {
                TryFailure.Timeout => LocalAnswer.SendAsync(exchange, 504, LocalAnswer.UpstreamTimeout),
                TryFailure.Overflow => LocalAnswer.SendOverflowAsync(exchange),
                _ => LocalAnswer.SendAsync(exchange, 503, LocalAnswer.UpstreamReset),
            });
            return;
        }
        ResponseHeaderRules.Apply(response, exchange.Response, serviceTime);
        await BodyCopy.CopyAsync(response.Body, exchange.ResponseBody, clock.Token);
        response.CopyTrailersTo(exchange);
    }

    /// <summary>Nothing or not everything came from upstream: say so where it can still be said, else break off.</summary>
    private static async ValueTask FailAsync(Exchange exchange, RequestClock clock, Exception failure)
    {
        if (exchange.ResponseStarted)
        {
            exchange.Abort();
            return;
        }
        exchange.Response.StartOver();
        await (failure switch
        {
            RequestBodyException fault => LocalAnswer.SendAsync(exchange, fault.Status),
            _ when clock.TimedOut => LocalAnswer.SendAsync(exchange, 504, LocalAnswer.UpstreamTimeout),
            _ => LocalAnswer.SendAsync(exchange, 503, LocalAnswer.UpstreamReset),
        });
    }

    /// <summary>By weight, in the order listed; one target alone gets everything whatever its weight.</summary>
    internal string ChooseTarget(Route route)
    {
        var targets = route.Targets.AsSpan();
        if (targets.IsEmpty)
            return "";
        var total = 0;
        foreach (ref readonly var target in targets)
            total += target.Weight;
        if (targets.Length == 1 || total <= 0)
            return targets[0].Cluster;
        var drawn = random.Next(total);
        foreach (ref readonly var target in targets)
        {
            if (drawn < target.Weight)
                return target.Cluster;
            drawn -= target.Weight;
        }
        return targets[^1].Cluster;
    }
}
