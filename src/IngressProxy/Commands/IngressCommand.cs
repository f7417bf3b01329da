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
    // Read by the runtime when the first socket is used.
    private const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    private static readonly Option<FileInfo?> Table = new("--table")
    {
        Description = "file with the route table (JSON, as 'turnpike compile' writes it); changes take effect when they are saved",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Discovery = new("--discovery") { Description = "get the table from this control plane", HelpName = "HOST:PORT" };

    private static readonly Option<string> DiscoveryCa = new("--discovery-ca")
    {
        Description = "the authorities of the control plane's certificate, in PEM",
        HelpName = "FILE",
        DefaultValueFactory = _ => "/var/run/secrets/turnpike/ca.crt",
    };

    private static readonly Option<string> DiscoveryToken = new("--discovery-token")
    {
        Description = "the ServiceAccount token that tells the control plane who this is",
        HelpName = "FILE",
        DefaultValueFactory = _ => "/var/run/secrets/turnpike/token",
    };

    private static readonly Option<int> HttpPort = SharedOptions.Port("--http-port", 8080, "port for cleartext HTTP/1.1 and HTTP/2; 0 is any free port");
    private static readonly Option<int> HttpsPort = SharedOptions.Port("--https-port", 8443, "port for TLS");
    private static readonly Option<int> StatusPort = SharedOptions.Status();
    private static readonly Option<int> AdminPort = SharedOptions.Port("--admin-port", 15000, "port for the same and /table, on loopback only");
    private static readonly Option<IPAddress> Address = SharedOptions.Address("--address", IPAddress.Any, "address to listen on");

    private static readonly Option<double> DrainDelay = SharedOptions.Seconds("--drain-delay", "seconds to go on serving after SIGTERM, no longer ready", 5.0);
    private static readonly Option<double?> DrainDuration = SharedOptions.Seconds<double?>("--drain-duration", "seconds that requests in flight may take after that; what the table says, if not given", null);

    private static readonly Option<bool> Inline = new("--inline-completions")
    {
        Description = "handle requests on the threads that read them; 'false' costs more processor time",
        DefaultValueFactory = _ => true,
    };

    private static readonly Option<AccessLogFormat> AccessLog = SharedOptions.AccessLog();

    private static readonly Option<LogLevel> Level = SharedOptions.Level();

    public static Command Create()
    {
        var command = new Command("ingress", "Serve the routes of a table.")
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
            // What reads lines of JSON must meet nothing else.
            var said = options.AccessLog == AccessLogFormat.Json ? Console.Error : Console.Out;
            foreach (var (listener, endPoint) in proxy.Listening)
                await said.WriteLineAsync($"listening {listener} {endPoint}");
            await said.WriteLineAsync($"listening status {proxy.Status}\nlistening admin {proxy.Admin}");
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
            // A port that is taken, above all.
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
