using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Turnpike.Protocol;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.Discovery;

/// <summary>Where the control plane is, and by what the two know each other.</summary>
/// <param name="Address"><c>host:port</c>.</param>
/// <param name="CaFile">The authorities that the control plane's certificate must chain to, in PEM; read anew for each connection.</param>
/// <param name="TokenFile">The projected ServiceAccount token; read anew for each connection.</param>
internal sealed record DiscoveryOptions(string Address, string CaFile, string TokenFile, string Pod, string Namespace, string Build);

/// <summary>
/// Keeps a proxy's table as the control plane says, and tells it what became of each update. While the control plane is away the proxy
/// goes on with the table that it has, and asks again.
/// </summary>
internal sealed class DiscoveryClient(DiscoveryOptions options, ProxyServer proxy, ILogger logger, TimeProvider time, Random? random = null)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    // Bytes, below the 64 KiB that the control plane takes of one message: each resource has some bytes around it.
    private const int InventoryPart = 32 * 1024;
    private const int LongestError = 4096;

    private readonly TableAssembly _assembly = new();
    private readonly Random _random = random ?? Random.Shared;
    private TimeSpan _pause = ShortestPause;

    /// <summary>Follows until cancelled; nothing else ends it.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var began = time.GetTimestamp();
            // Not all proxies of a control plane that went away may come back in the same moment.
            var pause = _pause * (0.5 + _random.NextDouble());
            try
            {
                await StreamAsync(cancellationToken);
                logger.DiscoveryEnded(options.Address);
            }
            catch (Exception) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever it is, to stop following would leave the proxy with this table for ever.
                logger.DiscoveryFailed(options.Address, e is RpcException rpc ? $"{rpc.StatusCode}: {rpc.Status.Detail}" : e.Message, pause.TotalSeconds);
            }
            // A stream that lasted was a good one, also when there was nothing to say.
            if (time.GetElapsedTime(began) > LongestPause)
                (pause, _pause) = (ShortestPause * (0.5 + _random.NextDouble()), ShortestPause);
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        }
    }

    private async Task StreamAsync(CancellationToken cancellationToken)
    {
        using var handler = CreateHandler();
        using var channel = GrpcChannel.ForAddress($"https://{options.Address}", new GrpcChannelOptions { HttpHandler = handler, MaxReceiveMessageSize = 256 * 1024 * 1024 });
        var token = (await File.ReadAllTextAsync(options.TokenFile, cancellationToken)).Trim();
        using var call = new Protocol.Discovery.DiscoveryClient(channel)
            .Stream(new Metadata { { "authorization", $"Bearer {token}" } }, cancellationToken: cancellationToken);
        await call.RequestStream.WriteAsync(new ProxyMessage { Hello = CreateHello() }, cancellationToken);
        await foreach (var update in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            if (update.InventoryWanted)
            {
                await SendInventoryAsync(call.RequestStream, cancellationToken);
                continue;
            }
            var before = _assembly.Version;
            await call.RequestStream.WriteAsync(new ProxyMessage { Outcome = Take(update) }, cancellationToken);
            if (update.FromVersion.Length > 0 && update.FromVersion != before)
            {
                // The two ends disagree about what is here, and will not agree by themselves: begin again from nothing.
                _assembly.Reset();
                throw new FormatException("an update started from another table than the one in force; asking for the whole table");
            }
        }
    }

    private Hello CreateHello() => new()
    {
        Pod = options.Pod,
        Namespace = options.Namespace,
        Role = Role.Ingress,
        Format = TableFormat.Current,
        Build = options.Build,
        HasVersion = _assembly.Version,
    };

    /// <summary>Says what the table is made of, in messages that are as small as the control plane wants them.</summary>
    private async Task SendInventoryAsync(IAsyncStreamWriter<ProxyMessage> messages, CancellationToken cancellationToken)
    {
        var (part, size) = (new Inventory(), 0);
        foreach (var (key, version) in _assembly.Versions)
        {
            var resource = new ResourceVersion { Key = WireResources.ToWire(key), Version = version };
            if (size > 0 && size + resource.CalculateSize() > InventoryPart)
            {
                await messages.WriteAsync(new ProxyMessage { Inventory = part }, cancellationToken);
                (part, size) = (new Inventory(), 0);
            }
            part.Resources.Add(resource);
            size += resource.CalculateSize();
        }
        part.Last = true;
        await messages.WriteAsync(new ProxyMessage { Inventory = part }, cancellationToken);
    }

    private Outcome Take(TableUpdate update)
    {
        try
        {
            var table = _assembly.Apply(WireResources.FromWire(update), proxy.Swap);
            _pause = ShortestPause;
            logger.TableApplied(table.Version, table.VirtualHostCount, table.Clusters.All.Length, table.Certificates.Length);
            return new Outcome { TableVersion = update.ToVersion };
        }
        catch (Exception e)
        {
            // Not only what is foreseen: an update that cannot be taken is refused, whatever the reason, and the next one may be better.
            proxy.CountLoadFailure();
            logger.UpdateRefused(update.ToVersion, e.Message);
            return new Outcome { TableVersion = update.ToVersion, Error = e.Message.Length <= LongestError ? e.Message : e.Message[..LongestError] };
        }
    }

    private SocketsHttpHandler CreateHandler()
    {
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.ImportFromPemFile(options.CaFile);
        return new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = trust },
            ConnectTimeout = TimeSpan.FromSeconds(5),
            // A control plane that is gone without a word is found out, and another replica asked.
            KeepAlivePingDelay = TimeSpan.FromSeconds(10),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(5),
            UseProxy = false,
        };
    }
}
