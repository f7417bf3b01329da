using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Turnpike.Compiler;
using Turnpike.Hosting;
using Turnpike.Protocol;
using Turnpike.Routing;

namespace Turnpike.Discovery;

/// <summary>
/// Serves the streams of the proxies. Each proxy gets the resources that it lacks, one update at a time, and the outcome of each update is
/// recorded.
/// </summary>
public sealed class DiscoveryService(
    DiscoveryStates states,
    ProxyRegistries registries,
    LargeUpdates large,
    DiscoveryLimits limits,
    DiscoveryMetrics metrics,
    IHostApplicationLifetime lifetime,
    ILogger<DiscoveryService> log,
    TimeProvider clock)
    : Protocol.Discovery.DiscoveryBase
{
    public override async Task Stream(IAsyncStreamReader<ProxyMessage> requestStream, IServerStreamWriter<TableUpdate> responseStream, ServerCallContext context)
    {
        var caller = DiscoveryGate.CallerOf(context);
        using var age = new CancellationTokenSource(AgeOf(caller), clock);
        // This source is never disposed, because the next stream of the pod may cancel it after this stream has ended.
        var replaced = new CancellationTokenSource();
        // A server that is about to stop ends its streams, so that proxies connect to another replica at once.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping, age.Token, replaced.Token);
        var proxy = new ProxyStream(requestStream, responseStream, limits, clock, end.Token);
        long? id = null;
        var registry = registries.Of(caller.Role ?? ProxyRole.Sidecar);
        try
        {
            var (hello, audience) = await AdmitAsync(proxy, caller);
            var connected = new ConnectedProxy(Text(hello.Pod), Text(hello.Namespace), Text(hello.Build), Text(hello.HasVersion), null);
            var most = audience.Role == ProxyRole.Ingress ? limits.Streams : limits.SidecarStreams;
            id = registry.TryAdd(connected, most, () => replaced.Cancel())
                ?? throw Refused(StatusCode.ResourceExhausted, $"{most} proxies are connected to this replica already");
            log.ProxyConnected(connected.Namespace, connected.Pod, connected.TableVersion);
            await ServeAsync(id.Value, hello.HasVersion, caller, audience, registry, proxy);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The proxy disconnected, this server is about to stop, or the stream has reached its age. The proxy reconnects with a newer
            // token.
        }
        finally
        {
            if (id is { } added)
                Leave(registry, added, isBack: age.IsCancellationRequested && !context.CancellationToken.IsCancellationRequested && !lifetime.ApplicationStopping.IsCancellationRequested);
        }
    }

    /// <summary>Returns how long the stream may last: until its token expires, but no longer than the maximum age.</summary>
    private TimeSpan AgeOf(Caller caller)
    {
        var left = caller.Expires - clock.GetUtcNow();
        var longest = limits.StreamAge * (1 - 0.2 * Random.Shared.NextDouble());
        return left <= TimeSpan.Zero ? TimeSpan.Zero : left < longest ? left : longest;
    }

    /// <summary>
    /// Returns the hello and the audience of the stream's tables. The token determines the audience, and the hello must agree with it.
    /// </summary>
    private async Task<(Hello Hello, TableAudience Audience)> AdmitAsync(ProxyStream proxy, Caller caller)
    {
        var needed = $"the first message of a stream must be a hello, within {limits.HelloWithin.TotalSeconds} s";
        if (await proxy.NextAsync(limits.HelloWithin, needed) is not { Hello: { } hello })
            throw Refused(StatusCode.InvalidArgument, needed);
        if (caller.Role is not { } role || hello.Role != (role == ProxyRole.Ingress ? Role.Ingress : Role.Sidecar))
            throw Refused(StatusCode.PermissionDenied, $"{caller.User} may not have the table for role {hello.Role}");
        if (hello.Format < TableFormat.Current)
            throw Refused(StatusCode.FailedPrecondition, $"the proxy reads table format {hello.Format}; this control plane writes {TableFormat.Current}");
        if (hello.Namespace != caller.Namespace || (caller.Pod is { } pod && hello.Pod != pod))
            throw Refused(StatusCode.PermissionDenied, $"the hello is of pod {Text(hello.Namespace)}/{Text(hello.Pod)}, the token of pod {caller.Namespace}/{caller.Pod ?? "(any)"}");
        // A token that is not bound to a pod would let its holder take the place of any other sidecar of its namespace.
        if (role == ProxyRole.Sidecar && caller.Pod is null)
            throw Refused(StatusCode.PermissionDenied, $"the token of {caller.User} is not bound to a pod");
        return (hello, new TableAudience(role, caller.Namespace, caller.ServiceAccount));
    }

    private async Task ServeAsync(long id, string hasVersion, Caller caller, TableAudience audience, ProxyRegistry registry, ProxyStream proxy)
    {
        var handled = 0L;
        (string Version, long At)? refused = null;
        // The table version from the hello is compared with the current state. It is empty once the table is known from outcomes.
        var (known, first) = (TableResources.None, hasVersion);
        while (true)
        {
            var state = await NextStateAsync(handled, refused?.At, proxy.End);
            var again = state is null;
            state ??= states.Current!;
            handled = state.Sequence;
            var resources = state.ResourcesOf(audience);
            var version = resources.TableVersion;
            if (version == (first.Length > 0 ? first : known.TableVersion))
            {
                (known, first, refused) = (resources, "", null);
                registry.Acknowledged(id, p => p with { TableVersion = version, Error = null });
                continue;
            }
            // The proxy would refuse the same table for the same reason. Most changes of the cluster do not change the table.
            if (version == refused?.Version && !again)
                continue;

            var delta = !again && first.Length > 0 ? await CompareAsync(resources, first, proxy) : resources.Since(again ? TableResources.None : known);
            if (await SendAsync(id, delta, caller, registry, proxy) is not { } outcome)
                return;
            if (outcome.Error.Length > 0)
            {
                // The proxy keeps the table that it had, so the next delta starts from there.
                refused = (version, clock.GetTimestamp());
                metrics.Acknowledged(taken: false);
                log.UpdateRefused(version, Text(outcome.Error));
                registry.Acknowledged(id, p => p with { Error = Text(outcome.Error) });
                continue;
            }
            metrics.Acknowledged(taken: true);
            (known, first, refused) = (resources, "", null);
            registry.Acknowledged(id, p => p with { TableVersion = version, Error = null });
        }
    }

    /// <summary>Sends an update and returns its outcome; null when the proxy has ended the stream or its token has expired.</summary>
    private async Task<Outcome?> SendAsync(long id, TableDelta delta, Caller caller, ProxyRegistry registry, ProxyStream proxy)
    {
        var needed = $"the outcome of table {delta.To} must come within {limits.OutcomeWithin.TotalSeconds} s";
        try
        {
            using (await large.EnterAsync(caller, delta, proxy.End))
            {
                // The timer of the stream may fire late, and an update holds private keys.
                if (caller.Expires <= clock.GetUtcNow())
                    return null;
                await proxy.WriteAsync(WireResources.ToWire(delta), needed);
            }
            if (await proxy.NextAsync(limits.OutcomeWithin, needed) is not { } answer)
                return null;
            return answer.Outcome is { } outcome && outcome.TableVersion == delta.To
                ? outcome
                : throw Refused(StatusCode.InvalidArgument, $"expected the outcome of table {delta.To}");
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.DeadlineExceeded)
        {
            registry.Unacknowledged(id, $"it did not say within {limits.OutcomeWithin.TotalSeconds} s what became of table {delta.To}", clock.GetUtcNow());
            throw;
        }
    }

    /// <summary>
    /// Asks the proxy for the inventory of its table, and returns the delta to the current one. A proxy with kinds of resources that this
    /// build does not know gets the whole table.
    /// </summary>
    private async Task<TableDelta> CompareAsync(TableResources current, string hasVersion, ProxyStream proxy)
    {
        var needed = $"the inventory of table {Text(hasVersion)} must come within {limits.OutcomeWithin.TotalSeconds} s";
        await proxy.WriteAsync(new TableUpdate { InventoryWanted = true }, needed);
        var comparison = current.CompareWith(hasVersion);
        var started = clock.GetTimestamp();
        var isKnown = true;
        for (var (size, last) = (0, false); !last;)
        {
            if (await proxy.NextAsync(limits.OutcomeWithin - clock.GetElapsedTime(started), needed) is not { Inventory: { } part })
                throw Refused(StatusCode.InvalidArgument, needed);
            size += part.Resources.Count;
            last = part.Last;
            isKnown = isKnown && size <= limits.InventorySize && TryAdd(comparison, part);
            if (size > limits.InventorySize && !last)
                throw Refused(StatusCode.ResourceExhausted, $"an inventory has at most {limits.InventorySize} resources; come again with no table");
        }
        return isKnown ? comparison.Delta() : current.Since(TableResources.None);
    }

    private static bool TryAdd(TableComparison comparison, Inventory part)
    {
        try
        {
            foreach (var resource in part.Resources)
                comparison.Has(WireResources.FromWire(resource.Key), resource.Version);
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>Returns the next state; null when it is time to offer a refused table once more.</summary>
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

    /// <summary>
    /// Removes the proxy from the registry. A proxy that only renews its stream counts as connected for a moment longer, until it is back,
    /// so that statuses do not flicker.
    /// </summary>
    private void Leave(ProxyRegistry registry, long id, bool isBack)
    {
        if (!isBack)
        {
            Remove();
            return;
        }
        registry.Update(id, p => p with { IsLeaving = true });
        _ = RemoveLaterAsync();

        async Task RemoveLaterAsync()
        {
            await Task.Delay(limits.BackWithin, clock, lifetime.ApplicationStopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Remove();
        }

        void Remove()
        {
            if (registry.Remove(id) is { } proxy)
                log.ProxyDisconnected(proxy.Namespace, proxy.Pod);
        }
    }

    private string Text(string text) => SafeText.Of(text, limits.TextLength);

    private static RpcException Refused(StatusCode code, string why) => new(new Status(code, why));
}
