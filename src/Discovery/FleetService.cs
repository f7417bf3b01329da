using System.Threading.Channels;
using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Turnpike.Protocol;

namespace Turnpike.Discovery;

/// <summary>Counts the streams of other replicas, and limits their number.</summary>
public sealed class FleetStreams(DiscoveryLimits limits)
{
    private int _count;

    internal bool TryEnter()
    {
        if (Interlocked.Increment(ref _count) <= limits.FleetStreams)
            return true;
        Leave();
        return false;
    }

    internal void Leave() => Interlocked.Decrement(ref _count);
}

/// <summary>Streams the list of the proxies that are connected to this replica to other replicas.</summary>
public sealed class FleetService(ProxyRegistry registry, FleetStreams streams, DiscoveryLimits limits, IHostApplicationLifetime lifetime, TimeProvider clock) : Fleet.FleetBase
{
    public override async Task Proxies(ProxiesRequest request, IServerStreamWriter<ProxyList> responseStream, ServerCallContext context)
    {
        var caller = DiscoveryGate.CallerOf(context);
        if (!streams.TryEnter())
            throw new RpcException(new Status(StatusCode.ResourceExhausted, $"{limits.FleetStreams} replicas ask for the proxies already"));
        // A stream ends with its token; the other replica reconnects with a newer one.
        var left = caller.Expires - clock.GetUtcNow();
        using var age = new CancellationTokenSource(left <= TimeSpan.Zero ? TimeSpan.Zero : left < limits.StreamAge ? left : limits.StreamAge, clock);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping, age.Token);
        // A channel may still be signalled after the reader has gone.
        var changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        void Signal() => changed.Writer.TryWrite(true);
        Signal();
        registry.Changed += Signal;
        try
        {
            while (true)
            {
                await changed.Reader.ReadAsync(end.Token);
                await responseStream.WriteAsync(ListOf(registry.All), end.Token);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The other replica disconnected, this one is about to stop, or the token has expired.
        }
        finally
        {
            registry.Changed -= Signal;
            streams.Leave();
        }
    }

    private static ProxyList ListOf(IEnumerable<ConnectedProxy> proxies)
    {
        var list = new ProxyList();
        list.Proxies.AddRange(proxies.Select(p => new ProxyState
        {
            Pod = p.Pod,
            Namespace = p.Namespace,
            Build = p.Build,
            TableVersion = p.TableVersion,
            Error = p.Error ?? "",
            Leaving = p.IsLeaving,
        }));
        return list;
    }
}
