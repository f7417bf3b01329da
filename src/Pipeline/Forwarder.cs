using Turnpike.Pipeline.Metrics;
using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>Sends a request to one of the endpoints of its route and the answer back.</summary>
internal sealed class Forwarder(IUpstreamClient client, Mirror mirror, BodyBudget budget, ProxyMetrics metrics, Random random, TimeProvider time)
{
    public async ValueTask ForwardAsync(Exchange exchange, TableState state, Route route)
    {
        var cluster = state.FindCluster(ChooseTarget(route));
        if (cluster is not { IsOpen: true })
        {
            await LocalAnswer.SendNoUpstreamAsync(exchange, cluster);
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
        using var waits = new ClientWaits(clock, state.BodyPatience, time);
        using var body = exchange.RequestBody is { } incoming
            ? new RequestTap(incoming, Keep(route, request, copy is not null), budget, clock, waits.ForRequest(GrpcAnswer.Wants(request)), copy)
            : null;
        if (body is null)
        {
            clock.Start();
            copy?.Send(null);
        }

        var began = time.GetTimestamp();
        using var plan = new RetryPlan(route, cluster, request.Method, body, metrics, random, time);
        UpstreamEndpoint? last = null;
        while (true)
        {
            var outcome = await TryAsync(outgoing, cluster, last, body, exchange, route.Timeout, clock);
            last = outcome.Endpoint;
            try
            {
                // Whether the body can be sent again is known only when nobody reads it any more.
                if (route.Retry is { Attempts: > 0 } && outcome.Response is { Status: >= 500 } failed)
                    await failed.StopRequestAsync();
                if (!plan.TriesAgain(outcome))
                {
                    plan.Dispose();
                    await AnswerAsync(exchange, outcome, time.GetElapsedTime(began), waits, clock);
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
        OutgoingRequest outgoing, ClusterState cluster, UpstreamEndpoint? last, RequestTap? body, Exchange exchange, TimeSpan longestWait, RequestClock clock)
    {
        var request = exchange.Request;
        var gate = cluster.Circuits.GateOf(cluster.Cluster.Protocol);
        // The clock runs from the end of the request's body, which nobody reads before there is room: the wait has a limit of its own.
        var admission = await EnterAsync(gate, request, body, longestWait, clock);
        if (admission == Admission.Overflow)
        {
            metrics.Overflowed(CircuitLimit.Requests);
            return new TryOutcome(null, null, null, TryFailure.Overflow);
        }
        if (admission == Admission.TimedOut)
            return new TryOutcome(null, null, null, TryFailure.Timeout);
        var endpoint = cluster.Pick(random, time, last)!;
        endpoint.Begin();
        exchange.Trace.Asked(endpoint);
        try
        {
            var response = await client.SendAsync(outgoing.To(endpoint, cluster.Cluster, body, request.ContentLength), clock.BeginTry());
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
                UpstreamFailure.Handshake => TryFailure.Handshake,
                UpstreamFailure.Refused => TryFailure.Refused,
                UpstreamFailure.Malformed => TryFailure.Malformed,
                UpstreamFailure.InvalidRequest => TryFailure.InvalidRequest,
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

    /// <summary>
    /// Takes a slot of the circuit when there is something to send: a client that announces a body and sends none must not keep
    /// others out. What may be a conversation that the endpoint begins, over HTTP/2 or after <c>Expect</c>, may enter before.
    /// </summary>
    private async ValueTask<Admission> EnterAsync(CircuitGate gate, RequestHead request, RequestTap? body, TimeSpan longestWait, RequestClock clock)
    {
        if (body is not null)
        {
            body.BreakSilence();
            var mayBegin = request.ContentLength is null && request.Version == HttpGeneration.Http2;
            if ((mayBegin || request.Headers.First("expect") is not null) && gate.TryEnterSilently())
            {
                body.BeSilentIn(gate);
                return Admission.Entered;
            }
            await body.ArriveAsync(clock.Token);
        }
        return await gate.EnterAsync(longestWait, time, clock.Token);
    }

    /// <summary>The copy of the body that a retry or a mirror would need; null where there is no use for one.</summary>
    private KeptBody? Keep(Route route, RequestHead request, bool mirrored)
    {
        if (route.Retry is not { Attempts: > 0 } && !mirrored)
            return null;
        if (request.ContentLength is not > BodyBudget.PerRequest)
            return budget.Begin();
        budget.Refused();
        return null;
    }

    private static async ValueTask AnswerAsync(
        Exchange exchange, TryOutcome outcome, TimeSpan serviceTime, ClientWaits waits, RequestClock clock)
    {
        if (outcome.Response is not { } response)
        {
            exchange.Trace.Reason = ReasonOf(outcome.Failure);
            await (outcome.Failure switch
            {
                TryFailure.Timeout => LocalAnswer.SendAsync(exchange, 504, LocalAnswer.UpstreamTimeout),
                TryFailure.Overflow => LocalAnswer.SendOverflowAsync(exchange),
                TryFailure.Handshake => LocalAnswer.SendFailureAsync(exchange, UpstreamFailure.Handshake),
                TryFailure.Malformed => LocalAnswer.SendFailureAsync(exchange, UpstreamFailure.Malformed),
                TryFailure.InvalidRequest => LocalAnswer.SendFailureAsync(exchange, UpstreamFailure.InvalidRequest),
                _ => LocalAnswer.SendAsync(exchange, 503, LocalAnswer.UpstreamReset),
            });
            return;
        }
        ResponseHeaderRules.Apply(response, exchange.Response, serviceTime);
        await BodyCopy.CopyAsync(response.Body, waits.ForResponse(exchange.ResponseBody), clock.Token);
        response.CopyTrailersTo(exchange);
        // An endpoint that was content before it had read everything gets the rest; the client need not wait for that.
        if (response.Status < 300 && !response.RequestSent.IsCompleted)
        {
            await exchange.ResponseBody.EndAsync(clock.Token);
            await response.RequestSent.WaitAsync(clock.Token);
        }
    }

    /// <summary>Nothing or not everything came from upstream: say so where it can still be said, else break off.</summary>
    private static async ValueTask FailAsync(Exchange exchange, RequestClock clock, Exception failure)
    {
        exchange.Trace.Reason = failure switch
        {
            RequestBodyException => ReplyReason.RequestBodyFailed,
            _ when clock.ClientStalled => ReplyReason.ClientStalled,
            _ when clock.TimedOut => ReplyReason.UpstreamTimeout,
            UpstreamException { Failure: UpstreamFailure.Malformed } => ReplyReason.UpstreamMalformed,
            _ => ReplyReason.UpstreamReset,
        };
        if (exchange.ResponseStarted)
        {
            exchange.Abort();
            return;
        }
        exchange.Response.StartOver();
        await (failure switch
        {
            RequestBodyException fault => LocalAnswer.SendAsync(exchange, fault.Status),
            _ when clock.ClientStalled => LocalAnswer.SendAsync(exchange, 408),
            _ when clock.TimedOut => LocalAnswer.SendAsync(exchange, 504, LocalAnswer.UpstreamTimeout),
            UpstreamException upstream => LocalAnswer.SendFailureAsync(exchange, upstream.Failure),
            _ => LocalAnswer.SendAsync(exchange, 503, LocalAnswer.UpstreamReset),
        });
    }

    private static ReplyReason ReasonOf(TryFailure failure) => failure switch
    {
        TryFailure.Timeout => ReplyReason.UpstreamTimeout,
        TryFailure.Connect => ReplyReason.UpstreamConnectFailed,
        TryFailure.Handshake => ReplyReason.UpstreamHandshakeFailed,
        TryFailure.Overflow => ReplyReason.Overloaded,
        TryFailure.Malformed => ReplyReason.UpstreamMalformed,
        TryFailure.InvalidRequest => ReplyReason.InvalidRequest,
        _ => ReplyReason.UpstreamReset,
    };

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
