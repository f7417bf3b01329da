using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Turnpike.Protocol;
using Turnpike.Routing;

namespace Turnpike.Discovery;

/// <summary>The streams of the proxies: each gets what it lacks, one update at a time, and the outcome of each is noted.</summary>
public sealed class DiscoveryService(
    DiscoveryStates states, ProxyRegistry registry, ProxyAuthenticator authenticator, IHostApplicationLifetime lifetime, ILogger<DiscoveryService> log)
    : Protocol.Discovery.DiscoveryBase
{
    private static readonly TimeSpan HelloWithin = TimeSpan.FromSeconds(10);

    public override async Task Stream(IAsyncStreamReader<ProxyMessage> requestStream, IServerStreamWriter<TableUpdate> responseStream, ServerCallContext context)
    {
        // A server that is about to stop ends its streams, so that proxies go to another replica at once.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        var ct = end.Token;
        var user = await authenticator.CallerAsync(context);
        var hello = await HelloAsync(requestStream, ct);
        if (hello.Role != Role.Ingress || !ProxyAuthenticator.IsIngress(user))
            throw Refused(StatusCode.PermissionDenied, $"{user} may not have the table for role {hello.Role}");
        if (hello.Format < RouteTableJson.FormatVersion)
            throw Refused(StatusCode.FailedPrecondition, $"the proxy reads table format {hello.Format}; this control plane writes {RouteTableJson.FormatVersion}");

        var known = TableResources.FromVersions(hello.TableVersion, hello.Resources.Select(r => (WireResources.FromWire(r.Key), r.Version)));
        var id = registry.Add(new ConnectedProxy(hello.Pod, hello.Namespace, hello.Build, hello.TableVersion, null));
        log.ProxyConnected(hello.Namespace, hello.Pod, hello.TableVersion);
        try
        {
            await ServeAsync(id, known, requestStream, responseStream, ct);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The proxy went away, or this server is about to.
        }
        finally
        {
            registry.Remove(id);
            log.ProxyDisconnected(hello.Namespace, hello.Pod);
        }
    }

    private async Task ServeAsync(
        long id, TableResources known, IAsyncStreamReader<ProxyMessage> outcomes, IServerStreamWriter<TableUpdate> updates, CancellationToken ct)
    {
        var handled = 0L;
        while (true)
        {
            var state = await states.NewerThanAsync(handled, ct);
            handled = state.Sequence;
            if (state.Table.Version == known.TableVersion)
            {
                registry.Update(id, p => p with { TableVersion = known.TableVersion, Error = null });
                continue;
            }
            await updates.WriteAsync(WireResources.ToWire(state.Resources.Since(known)), ct);
            if (!await outcomes.MoveNext(ct))
                return;
            if (outcomes.Current.Outcome is not { } outcome || outcome.TableVersion != state.Table.Version)
                throw Refused(StatusCode.InvalidArgument, $"expected the outcome of table {state.Table.Version}");
            if (outcome.Error.Length > 0)
            {
                // It keeps the table that it had: the next one starts from there.
                log.UpdateRefused(outcome.TableVersion, outcome.Error);
                registry.Update(id, p => p with { Error = outcome.Error });
                continue;
            }
            known = state.Resources;
            registry.Update(id, p => p with { TableVersion = known.TableVersion, Error = null });
        }
    }

    private static async Task<Hello> HelloAsync(IAsyncStreamReader<ProxyMessage> messages, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(HelloWithin);
        try
        {
            if (await messages.MoveNext(limit.Token) && messages.Current.Hello is { } hello)
                return hello;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // Reported below.
        }
        throw Refused(StatusCode.InvalidArgument, $"the first message of a stream must be a hello, within {HelloWithin.TotalSeconds} s");
    }

    private static RpcException Refused(StatusCode code, string why) => new(new Status(code, why));
}
