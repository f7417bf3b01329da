using System.CommandLine;
using System.Net;
using Microsoft.Extensions.Logging;
using Turnpike.IngressProxy.AccessLog;
using Turnpike.IngressProxy.TableSources;
using Turnpike.Protocol;

namespace Turnpike.IngressProxy.Commands;

/// <summary><c>turnpike-proxy ingress</c>: serves the routes of a table, from the control plane or from a file, until it is told to stop.</summary>
internal static class IngressCommand
{
    // The runtime reads this variable when the first socket is used.
    private const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    private static readonly Option<FileInfo?> Table = new("--table")
    {
        Description = "route table as JSON, as 'turnpike compile' writes it; changes take effect when the file is saved",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Discovery = new("--discovery") { Description = "control plane to get the table from", HelpName = "HOST:PORT" };

    private static readonly Option<string> DiscoveryCa = new("--discovery-ca")
    {
        Description = "certificate authorities of the control plane, in PEM",
        HelpName = "FILE",
        DefaultValueFactory = _ => "/var/run/secrets/turnpike/ca.crt",
    };

    private static readonly Option<string> DiscoveryToken = new("--discovery-token")
    {
        Description = "ServiceAccount token that identifies the proxy to the control plane",
        HelpName = "FILE",
        DefaultValueFactory = _ => "/var/run/secrets/turnpike/token",
    };

    private static readonly Option<int> HttpPort = SharedOptions.Port("--http-port", 8080, "port for cleartext HTTP/1.1 and HTTP/2; 0 is any free port");
    private static readonly Option<int> HttpsPort = SharedOptions.Port("--https-port", 8443, "port for TLS");
    private static readonly Option<int> StatusPort = SharedOptions.Status();
    private static readonly Option<int> AdminPort = SharedOptions.Port("--admin-port", 15000, "port for /table and the status pages, on loopback only");
    private static readonly Option<IPAddress> Address = SharedOptions.Address("--address", IPAddress.Any, "address to listen on");

    private static readonly Option<double> DrainDelay = SharedOptions.Seconds("--drain-delay", "seconds to go on accepting after SIGTERM, while no longer ready", 5.0);
    private static readonly Option<double?> DrainDuration = SharedOptions.Seconds<double?>("--drain-duration", "seconds that requests in flight may take after that (default: as the table says)", null);

    private static readonly Option<bool> Inline = new("--inline-completions")
    {
        Description = "run requests inline on the I/O threads, which takes less CPU",
        DefaultValueFactory = _ => true,
    };

    private static readonly Option<AccessLogFormat> AccessLog = SharedOptions.AccessLog();

    private static readonly Option<LogLevel> Level = SharedOptions.Level();

    public static Command Create()
    {
        var command = new Command("ingress", "Serve the routes of a route table.")
        {
            Table, Discovery, DiscoveryCa, DiscoveryToken, HttpPort, HttpsPort, StatusPort, AdminPort, Address, DrainDelay, DrainDuration, Inline, AccessLog, Level,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(Table) is null == result.GetResult(Discovery) is null)
                result.AddError("give one of --table FILE and --discovery HOST:PORT");
        });
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var inline = arguments.GetValue(Inline);
        if (inline && Environment.GetEnvironmentVariable(InlineCompletions) is null)
            Environment.SetEnvironmentVariable(InlineCompletions, "1");
        using var loggers = SharedOptions.CreateLoggers(arguments.GetValue(Level));
        var logger = loggers.CreateLogger("Turnpike.Proxy");
        var options = new ProxyOptions
        {
            Listeners = ListenerOptions.OfIngress(arguments.GetValue(HttpPort), arguments.GetValue(HttpsPort)),
            StatusPort = arguments.GetValue(StatusPort),
            AdminPort = arguments.GetValue(AdminPort),
            Address = arguments.GetValue(Address)!,
            DrainDelay = TimeSpan.FromSeconds(arguments.GetValue(DrainDelay)),
            DrainDuration = arguments.GetValue(DrainDuration) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            InlineScheduling = inline,
            AccessLog = arguments.GetValue(AccessLog),
        };
        using var signals = new StopSignals();
        try
        {
            await using var proxy = await ProxyServer.StartAsync(options, loggers, cancellationToken: cancellationToken);
            // A reader of JSON lines must find nothing else on standard output.
            var output = options.AccessLog == AccessLogFormat.Json ? Console.Error : Console.Out;
            foreach (var (listener, endPoint) in proxy.Listening)
                await output.WriteLineAsync($"listening {listener} {endPoint}");
            await output.WriteLineAsync($"listening status {proxy.Status}\nlistening admin {proxy.Admin}");
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var following = SourceOf(arguments, new TableApplier(proxy, logger), logger).RunAsync(stop.Token);
            await signals.Stop;
            await proxy.DrainAsync(cancellationToken);
            await stop.CancelAsync();
            await following;
            return 0;
        }
        catch (IOException e)
        {
            // The usual cause is a port that is taken.
            await Console.Error.WriteLineAsync($"turnpike-proxy: {e.Message}");
            return 1;
        }
    }

    private static ITableSource SourceOf(ParseResult arguments, TableApplier applier, ILogger logger)
    {
        if (arguments.GetValue(Table) is { } table)
            return new TableFile(table.FullName, applier, logger, TimeProvider.System);
        var options = new DiscoveryOptions(
            arguments.GetValue(Discovery)!,
            arguments.GetValue(DiscoveryCa)!,
            arguments.GetValue(DiscoveryToken)!,
            Role.Ingress,
            Environment.GetEnvironmentVariable("POD_NAME") ?? Environment.MachineName,
            Environment.GetEnvironmentVariable("POD_NAMESPACE") ?? "",
            BuildInfo.Text);
        return new DiscoveryClient(options, applier, logger, TimeProvider.System);
    }
}
