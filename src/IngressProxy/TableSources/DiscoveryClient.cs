using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Turnpike.Protocol;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.TableSources;

/// <summary>The address of the control plane, and what proxy and control plane prove themselves by.</summary>
/// <param name="Address">The address as <c>host:port</c>.</param>
/// <param name="CaFile">
/// The file of the authorities that sign the control plane's certificate, in PEM. It is read for each connection.
/// </param>
/// <param name="TokenFile">The file of the projected ServiceAccount token. It is read for each connection.</param>
/// <param name="Role">What this proxy is for. The token must be made for the same.</param>
/// <param name="Pod">The name of this proxy's pod.</param>
/// <param name="Namespace">The namespace of that pod.</param>
/// <param name="Build">The build of this proxy, for the control plane's log.</param>
internal sealed record DiscoveryOptions(
    string Address, string CaFile, string TokenFile, Role Role, string Pod, string Namespace, string Build);

/// <summary>
/// The control plane as the source of tables. The client reports what has become of each update. While the control plane cannot be
/// reached, the proxy goes on with the last good table, and the client connects again and again.
/// </summary>
internal sealed class DiscoveryClient(
    DiscoveryOptions options, TableApplier applier, ILogger logger, TimeProvider time, Random? random = null) : ITableSource
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    // In bytes. It is less than the 64 KiB that the control plane takes in one message, since each resource has some bytes around it.
    private const int InventoryPart = 32 * 1024;
    private const int LongestError = 4096;

    private readonly TableReplica _replica = new();
    private readonly Random _random = random ?? Random.Shared;
    private TimeSpan _pause = ShortestPause;

    /// <inheritdoc/>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var began = time.GetTimestamp();
            // The proxies of a control plane that went away must not all come back in the same moment.
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
                // Every fault is survived: to stop following would leave the proxy with this table for ever.
                var reason = e is RpcException rpc ? $"{rpc.StatusCode}: {rpc.Status.Detail}" : e.Message;
                logger.DiscoveryFailed(options.Address, pause.TotalSeconds, reason);
            }
            // A stream that lasted was a good one, even if nothing was sent over it.
            if (time.GetElapsedTime(began) > LongestPause)
                (pause, _pause) = (ShortestPause * (0.5 + _random.NextDouble()), ShortestPause);
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        }
    }

    private async Task StreamAsync(CancellationToken cancellationToken)
    {
        using var handler = CreateHandler();
        var settings = new GrpcChannelOptions { HttpHandler = handler, MaxReceiveMessageSize = 256 * 1024 * 1024 };
        using var channel = GrpcChannel.ForAddress($"https://{options.Address}", settings);
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
            var before = _replica.Version;
            await call.RequestStream.WriteAsync(new ProxyMessage { Outcome = Apply(update) }, cancellationToken);
            if (update.FromVersion.Length > 0 && update.FromVersion != before)
            {
                // The two ends disagree about the table here, and will not agree by themselves: begin again from nothing.
                _replica.Reset();
                throw new FormatException(
                    $"an update is for table '{update.FromVersion}', and this proxy has '{before}'; "
                    + "the next connection asks for the whole table");
            }
        }
    }

    private Hello CreateHello() => new()
    {
        Pod = options.Pod,
        Namespace = options.Namespace,
        Role = options.Role,
        Format = TableFormat.Current,
        Build = options.Build,
        HasVersion = _replica.Version,
    };

    /// <summary>Sends the keys and versions of the table's resources, in messages of the size that the control plane takes.</summary>
    private async Task SendInventoryAsync(IAsyncStreamWriter<ProxyMessage> messages, CancellationToken cancellationToken)
    {
        var (part, size) = (new Inventory(), 0);
        foreach (var (key, version) in _replica.Versions)
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

    private Outcome Apply(TableUpdate update)
    {
        var source = $"control plane {options.Address} (version '{update.ToVersion}')";
        var error = applier.Apply(source, swap => _replica.Apply(WireResources.FromWire(update), swap));
        if (error is null)
        {
            _pause = ShortestPause;
            return new Outcome { TableVersion = update.ToVersion };
        }
        return new Outcome { TableVersion = update.ToVersion, Error = error.Length <= LongestError ? error : error[..LongestError] };
    }

    private SocketsHttpHandler CreateHandler()
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(options.CaFile);
        return ControlPlaneHandler.Create(authorities, ConnectTimeout);
    }
}
