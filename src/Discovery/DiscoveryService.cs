using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Turnpike.Protocol;
using Turnpike.Routing;

namespace Turnpike.Discovery;

/// <summary>The streams of the proxies: each gets what it lacks, one update at a time, and the outcome of each is noted.</summary>
public sealed class DiscoveryService(
    DiscoveryStates states,
    ProxyRegistry registry,
    ProxyAuthenticator authenticator,
    DiscoveryLimits limits,
    DiscoveryMetrics metrics,
    IHostApplicationLifetime lifetime,
    ILogger<DiscoveryService> log,
    TimeProvider clock)
    : Protocol.Discovery.DiscoveryBase
{
    public override async Task Stream(IAsyncStreamReader<ProxyMessage> requestStream, IServerStreamWriter<TableUpdate> responseStream, ServerCallContext context)
    {
        // A server that is about to stop ends its streams, so that proxies go to another replica at once.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        var ct = end.Token;
        long? id = null;
        try
        {
            var hello = await AdmitAsync(requestStream, context, ct);
            id = registry.Add(new ConnectedProxy(Text(hello.Pod), Text(hello.Namespace), Text(hello.Build), Text(hello.TableVersion), null));
            log.ProxyConnected(Text(hello.Namespace), Text(hello.Pod), Text(hello.TableVersion));
            await ServeAsync(id.Value, Known(hello), requestStream, responseStream, ct);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The proxy went away, or this server is about to.
        }
        finally
        {
            if (id is { } added && registry.Remove(added) is { } proxy)
                log.ProxyDisconnected(proxy.Namespace, proxy.Pod);
        }
    }

    /// <summary>Nothing of a stranger's is read.</summary>
    private async Task<Hello> AdmitAsync(IAsyncStreamReader<ProxyMessage> messages, ServerCallContext context, CancellationToken ct)
    {
        var user = await authenticator.CallerAsync(context, ct);
        if (!ProxyAuthenticator.IsIngress(user))
            throw Refused(StatusCode.PermissionDenied, $"{user} may not have the table of the ingress");
        if (registry.Count >= limits.Streams)
            throw Refused(StatusCode.ResourceExhausted, $"{limits.Streams} proxies are connected to this replica already");
        var needed = $"the first message of a stream must be a hello, within {limits.HelloWithin.TotalSeconds} s";
        if (await NextAsync(messages, limits.HelloWithin, needed, ct) is not { Hello: { } hello })
            throw Refused(StatusCode.InvalidArgument, needed);
        if (hello.Role != Role.Ingress)
            throw Refused(StatusCode.PermissionDenied, $"{user} may not have the table for role {hello.Role}");
        if (hello.Format < RouteTableJson.FormatVersion)
            throw Refused(StatusCode.FailedPrecondition, $"the proxy reads table format {hello.Format}; this control plane writes {RouteTableJson.FormatVersion}");
        return hello;
    }

    private async Task ServeAsync(
        long id, TableResources known, IAsyncStreamReader<ProxyMessage> outcomes, IServerStreamWriter<TableUpdate> updates, CancellationToken ct)
    {
        var handled = 0L;
        (string Version, long At)? refused = null;
        while (true)
        {
            var state = await NextStateAsync(handled, refused?.At, ct);
            var again = state is null;
            state ??= states.Current!;
            handled = state.Sequence;
            var version = state.Table.Version;
            if (version == known.TableVersion)
            {
                refused = null;
                registry.Update(id, p => p with { TableVersion = version, Error = null });
                continue;
            }
            // The same table would be refused for the same reason: most changes of the cluster are none of the table.
            if (version == refused?.Version && !again)
                continue;

            var needed = $"the outcome of table {version} must come within {limits.OutcomeWithin.TotalSeconds} s";
            await WriteAsync(updates, state.Resources.Since(again ? TableResources.None : known), needed, ct);
            if (await NextAsync(outcomes, limits.OutcomeWithin, needed, ct) is not { } answer)
                return;
            if (answer.Outcome is not { } outcome || outcome.TableVersion != version)
                throw Refused(StatusCode.InvalidArgument, $"expected the outcome of table {version}");
            if (outcome.Error.Length > 0)
            {
                // It keeps the table that it had: the next one starts from there.
                refused = (version, clock.GetTimestamp());
                metrics.Answered(taken: false);
                log.UpdateRefused(version, Text(outcome.Error));
                registry.Update(id, p => p with { Error = Text(outcome.Error) });
                continue;
            }
            metrics.Answered(taken: true);
            (known, refused) = (state.Resources, null);
            registry.Update(id, p => p with { TableVersion = version, Error = null });
        }
    }

    /// <summary>The next state; null when it is time to offer what was refused once more.</summary>
    private async Task<DiscoveryState?> NextStateAsync(long handled, long? refusedAt, CancellationToken ct)
    {
        if (refusedAt is not { } at)
            return await states.NewerThanAsync(handled, ct);
        var left = limits.RefusedAgainAfter - clock.GetElapsedTime(at);
        using var limit = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            return await states.NewerThanAsync(handled, either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task WriteAsync(IServerStreamWriter<TableUpdate> updates, TableDelta delta, string needed, CancellationToken ct)
    {
        try
        {
            await updates.WriteAsync(WireResources.ToWire(delta), ct).WaitAsync(limits.OutcomeWithin, clock, ct);
        }
        catch (TimeoutException)
        {
            throw Refused(StatusCode.DeadlineExceeded, needed);
        }
    }

    /// <summary>The next message of the proxy; null where it has ended its part of the stream.</summary>
    private async Task<ProxyMessage?> NextAsync(IAsyncStreamReader<ProxyMessage> messages, TimeSpan within, string needed, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(within, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            return await messages.MoveNext(either.Token) ? messages.Current : null;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw Refused(StatusCode.InvalidArgument, needed);
        }
    }

    /// <summary>What a proxy says to have. One that has kinds of resources which only later builds know is given the whole table.</summary>
    private static TableResources Known(Hello hello)
    {
        try
        {
            return TableResources.FromVersions(hello.TableVersion, hello.Resources.Select(r => (WireResources.FromWire(r.Key), r.Version)));
        }
        catch (FormatException)
        {
            return TableResources.None;
        }
    }

    private string Text(string text) => text.Length <= limits.TextLength ? text : text[..limits.TextLength] + "…";

    private static RpcException Refused(StatusCode code, string why) => new(new Status(code, why));
}
