using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Turnpike.Discovery;
using Turnpike.Hosting.Certificates;
using Turnpike.Hosting.Reconcile;
using Turnpike.Protocol;

namespace Turnpike.Operator.Status;

/// <summary>Follows the proxies of every other replica, while this one leads.</summary>
internal sealed class PeerWatcher(
    OperatorOptions options,
    DiscoveryStates states,
    FleetView fleet,
    RotatingCertificates certificates,
    ILogger<PeerWatcher> log,
    TimeProvider clock) : ILeaderTask
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    public async Task RunAsync(CancellationToken term)
    {
        var running = new Dictionary<string, (CancellationTokenSource Stop, Task Task)>(StringComparer.Ordinal);
        await foreach (var state in states.Follow(term))
        {
            var peers = PeerDirectory.Of(state.Snapshot, options.PodIp);
            fleet.SetPeers(peers);
            foreach (var gone in running.Keys.Except(peers.Select(p => p.Address)).ToList())
                await StopAsync(running, gone);
            foreach (var peer in peers.Select(p => p.Address).Where(ip => !running.ContainsKey(ip)))
            {
                var stop = CancellationTokenSource.CreateLinkedTokenSource(term);
                running.Add(peer, (stop, FollowAsync(peer, stop.Token)));
            }
        }
        foreach (var peer in running.Keys.ToList())
            await StopAsync(running, peer);
        fleet.ForgetPeers();
    }

    private static async Task StopAsync(Dictionary<string, (CancellationTokenSource Stop, Task Task)> running, string peer)
    {
        var (stop, task) = running[peer];
        await stop.CancelAsync();
        await task;
        stop.Dispose();
        running.Remove(peer);
    }

    private async Task FollowAsync(string peer, CancellationToken ct)
    {
        var isLogged = false;
        while (!ct.IsCancellationRequested)
        {
            Exception? failure = null;
            try
            {
                await StreamAsync(peer, () => isLogged = false, ct);
            }
            catch (Exception) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                failure = e;
            }
            fleet.SetDisconnected(peer);
            if (failure is not null)
            {
                // The replica is asked again every second, so the failure is logged once for each loss.
                if (!isLogged)
                    log.PeerUnreachable(peer, failure is RpcException rpc ? rpc.Status.Detail : failure.Message);
                isLogged = true;
            }
            await Task.Delay(Retry, clock, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task StreamAsync(string peer, Action received, CancellationToken ct)
    {
        var bundle = certificates.Bundle ?? throw new InvalidOperationException("there is no certificate authority yet");
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(bundle);
        using var handler = ControlPlaneHandler.Create(authorities, ConnectTimeout);
        // The URL has the name that the certificate is for; the connection goes to this one replica.
        handler.ConnectCallback = async (_, connecting) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(IPAddress.Parse(peer), options.DiscoveryPort, connecting);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        };
        using var channel = GrpcChannel.ForAddress(
            $"https://{options.Profile.OperatorHost}:{options.DiscoveryPort}",
            new GrpcChannelOptions { HttpHandler = handler, MaxReceiveMessageSize = 64 * 1024 * 1024 });
        var token = await File.ReadAllTextAsync(options.TokenFile, ct);
        var credentials = new Metadata { { "authorization", $"Bearer {token.Trim()}" } };
        using var call = new Protocol.Fleet.FleetClient(channel).Proxies(new ProxiesRequest(), credentials, cancellationToken: ct);
        await foreach (var list in call.ResponseStream.ReadAllAsync(ct))
        {
            received();
            fleet.SetProxies(peer, [.. list.Proxies.Select(ToProxy)]);
        }
    }

    private static ConnectedProxy ToProxy(ProxyState proxy) => new(
        proxy.Pod, proxy.Namespace, proxy.Build, proxy.TableVersion, proxy.Error.Length == 0 ? null : proxy.Error, proxy.Leaving);
}
