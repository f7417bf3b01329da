using System.Threading.Channels;
using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Turnpike.Api;
using Turnpike.Protocol;

namespace Turnpike.Discovery;

/// <summary>Tells other replicas of the proxies that are connected to this one.</summary>
public sealed class FleetService(ProxyRegistry registry, ProxyAuthenticator authenticator, IHostApplicationLifetime lifetime) : Fleet.FleetBase
{
    /// <summary>Who may ask: the control plane itself.</summary>
    public const string OperatorAccount = Names.OperatorDeployment;

    public override async Task Proxies(ProxiesRequest request, IServerStreamWriter<ProxyList> responseStream, ServerCallContext context)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        var user = await authenticator.CallerAsync(context, end.Token);
        if (user != $"system:serviceaccount:{Names.SystemNamespace}:{OperatorAccount}")
            throw new RpcException(new Status(StatusCode.PermissionDenied, $"{user} may not ask for the proxies"));
        // A channel, because it may still be signalled when nobody listens any more.
        var changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        void Signal() => changed.Writer.TryWrite(true);
        Signal();
        registry.Changed += Signal;
        try
        {
            while (true)
            {
                await changed.Reader.ReadAsync(end.Token);
                var list = new ProxyList();
                list.Proxies.AddRange(registry.All.Select(p => new ProxyState { Pod = p.Pod, Namespace = p.Namespace, Build = p.Build, TableVersion = p.TableVersion, Error = p.Error ?? "" }));
                await responseStream.WriteAsync(list, end.Token);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The other replica went away, or this one is about to.
        }
        finally
        {
            registry.Changed -= Signal;
        }
    }
}
