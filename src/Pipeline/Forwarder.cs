using System.Runtime.CompilerServices;
using Turnpike.Pipeline.Metrics;
using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>Sends a request to an endpoint of its route, and the response back to the client.</summary>
internal sealed class Forwarder(AttemptServices services, Mirror mirror, BodyBudget budget)
{
    private readonly Pool<ForwardingState> _states = new(() => new ForwardingState(services, budget));

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask ForwardAsync(Exchange exchange, TableState state, Route route)
    {
        var cluster = state.FindCluster(ChooseTarget(route));
        if (cluster is not { IsOpen: true })
        {
            await LocalReply.SendNoUpstreamAsync(exchange, cluster);
            return;
        }
        var perTry = RequestHeaderRules.PerTryTimeout(route) ?? TimeSpan.Zero;
        var work = _states.Rent();
        var deadlines = work.Deadlines;
        var isDone = false;
        deadlines.Begin(route.Timeout, perTry, exchange.ClientGone);
        try
        {
            await ForwardAsync(exchange, state, route, cluster, work);
            isDone = true;
        }
        catch (Exception e) when (!deadlines.ClientGone && e is OperationCanceledException or UpstreamException or RequestBodyException)
        {
            await FailAsync(exchange, deadlines, e);
        }
        finally
        {
            // After a failure, an operation that was cancelled may still be using these objects, so no other request gets them.
            if (!isDone || !work.TryReset() || !_states.TryReturn(work))
                work.Dispose();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ForwardAsync(Exchange exchange, TableState state, Route route, ClusterState cluster, ForwardingState work)
    {
        var request = exchange.Request;
        var outgoing = work.Outgoing.Begin(exchange, route, cluster.Cluster, state.Trusts(exchange.Connection.Peer));
        var copy = mirror.Prepare(state, route, outgoing);
        work.Waits.Begin(state.BodyIdlePolicy);
        BufferingBody? body = null;
        if (exchange.RequestBody is { } incoming)
        {
            body = work.Body;
            body.Begin(incoming, Keep(route, request, copy is not null), work.Waits.ForRequest(GrpcStatusReply.Wants(request)), copy);
        }
        else
        {
            work.Deadlines.Start();
            copy?.Send(null);
        }
        work.Plan.Begin(route, cluster, request, body);
        try
        {
            await TryUntilDoneAsync(exchange, route, cluster, work, body);
        }
        finally
        {
            work.Plan.End();
            body?.End();
            work.Waits.End();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask TryUntilDoneAsync(Exchange exchange, Route route, ClusterState cluster, ForwardingState work, BufferingBody? body)
    {
        var deadlines = work.Deadlines;
        var began = services.Time.GetTimestamp();
        UpstreamEndpoint? last = null;
        while (true)
        {
            var attempt = work.Attempt.Begin(cluster, cluster.Cluster.Protocol);
            await using (attempt)
            {
                await TryAsync(attempt, work.Outgoing, cluster.Cluster, last, body, exchange, route.Timeout, deadlines);
                last = attempt.Endpoint;
                // Whether the body can be sent again is known only when nothing reads it any more.
                if (route.Retry is { Attempts: > 0 } && attempt.Response is { Status: >= 500 } failed)
                    await failed.StopRequestAsync();
                if (!work.Plan.TriesAgain(attempt))
                {
                    work.Plan.EndRetries();
                    await RespondAsync(exchange, work, services.Time.GetElapsedTime(began));
                    return;
                }
            }
            await work.Plan.BackOffAsync(deadlines.Token);
        }
    }

    /// <summary>Makes one attempt: waits for a slot, picks an endpoint and sends the request. The attempt holds the result.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask TryAsync(
        Attempt attempt,
        OutgoingRequest outgoing,
        Cluster cluster,
        UpstreamEndpoint? last,
        BufferingBody? body,
        Exchange exchange,
        TimeSpan longestWait,
        RequestDeadlines deadlines)
    {
        var request = exchange.Request;
        // The timeout starts when the whole body has arrived, and the body is not read before there is a slot. So the wait for a slot
        // needs a limit of its own.
        if (!await attempt.EnterAsync(request, body, longestWait, deadlines.Token))
        {
            if (attempt.Failure == AttemptFailure.Overflow)
                services.Metrics.Overflowed(CircuitLimit.Requests);
            return;
        }
        var endpoint = attempt.Pick(last);
        exchange.Trace.Asked(endpoint);
        try
        {
            if (await attempt.SendAsync(outgoing.To(endpoint, cluster, body, request.ContentLength), deadlines.BeginTry()) is null)
                deadlines.EndTry();
        }
        catch (OperationCanceledException) when (deadlines.TryTimedOut)
        {
            attempt.TimedOut();
        }
    }

    /// <summary>
    /// Returns an empty copy, which the body fills for a retry or a mirror. Returns null when neither needs one, and when the announced
    /// length is too large to buffer.
    /// </summary>
    private BufferedBody? Keep(Route route, RequestHead request, bool mirrored)
    {
        if (route.Retry is not { Attempts: > 0 } && !mirrored)
            return null;
        if (request.ContentLength is not > BodyBudget.PerRequest)
            return budget.Begin();
        budget.Refused();
        return null;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask RespondAsync(Exchange exchange, ForwardingState work, TimeSpan serviceTime)
    {
        var (attempt, deadlines) = (work.Attempt, work.Deadlines);
        if (attempt.Response is not { } response)
        {
            exchange.Trace.Reason = ReasonOf(attempt.Failure);
            await (attempt.Failure switch
            {
                AttemptFailure.Timeout => LocalReply.SendAsync(exchange, 504, LocalReply.UpstreamTimeout),
                AttemptFailure.Overflow => LocalReply.SendOverflowAsync(exchange),
                AttemptFailure.Handshake => LocalReply.SendFailureAsync(exchange, UpstreamFailure.Handshake),
                AttemptFailure.Malformed => LocalReply.SendFailureAsync(exchange, UpstreamFailure.Malformed),
                AttemptFailure.InvalidRequest => LocalReply.SendFailureAsync(exchange, UpstreamFailure.InvalidRequest),
                _ => LocalReply.SendAsync(exchange, 503, LocalReply.UpstreamReset),
            });
            return;
        }
        ResponseHeaderRules.Apply(response, work.Received, exchange.Response, serviceTime);
        await BodyCopy.CopyAsync(response.Body, work.Waits.ForResponse(exchange.ResponseBody), deadlines.Token);
        response.CopyTrailersTo(exchange);
        // An endpoint that responds with success before it has read the whole request still gets the rest. The client gets the end of its
        // response before that.
        if (response.Status < 300 && !response.RequestSent.IsCompleted)
        {
            await exchange.ResponseBody.EndAsync(deadlines.Token);
            await response.RequestSent.WaitAsync(deadlines.Token);
        }
    }

    /// <summary>
    /// Handles a response that is missing or incomplete: sends a local reply, or breaks the response off if its head has been sent.
    /// </summary>
    private static async ValueTask FailAsync(Exchange exchange, RequestDeadlines deadlines, Exception failure)
    {
        exchange.Trace.Reason = failure switch
        {
            RequestBodyException => ReplyReason.RequestBodyFailed,
            _ when deadlines.ClientStalled => ReplyReason.ClientStalled,
            _ when deadlines.TimedOut => ReplyReason.UpstreamTimeout,
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
            RequestBodyException fault => LocalReply.SendAsync(exchange, fault.Status),
            _ when deadlines.ClientStalled => LocalReply.SendAsync(exchange, 408),
            _ when deadlines.TimedOut => LocalReply.SendAsync(exchange, 504, LocalReply.UpstreamTimeout),
            UpstreamException upstream => LocalReply.SendFailureAsync(exchange, upstream.Failure),
            _ => LocalReply.SendAsync(exchange, 503, LocalReply.UpstreamReset),
        });
    }

    private static ReplyReason ReasonOf(AttemptFailure failure) => failure switch
    {
        AttemptFailure.Timeout => ReplyReason.UpstreamTimeout,
        AttemptFailure.Connect => ReplyReason.UpstreamConnectFailed,
        AttemptFailure.Handshake => ReplyReason.UpstreamHandshakeFailed,
        AttemptFailure.Overflow => ReplyReason.Overloaded,
        AttemptFailure.Malformed => ReplyReason.UpstreamMalformed,
        AttemptFailure.InvalidRequest => ReplyReason.InvalidRequest,
        _ => ReplyReason.UpstreamReset,
    };

    /// <summary>
    /// Returns the name of a cluster, drawn by weight. The first target gets everything when it is the only one or the weights total zero.
    /// Returns an empty string when the route has no target.
    /// </summary>
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
        var drawn = services.Random.Next(total);
        foreach (ref readonly var target in targets)
        {
            if (drawn < target.Weight)
                return target.Cluster;
            drawn -= target.Weight;
        }
        return targets[^1].Cluster;
    }
}
