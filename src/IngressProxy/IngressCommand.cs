using System.CommandLine;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;

namespace Turnpike.IngressProxy;

/// <summary><c>turnpike-proxy ingress</c>: serves the routes of a table file until it is told to stop.</summary>
internal static class IngressCommand
{
    // Read by the runtime when the first socket is used.
    private const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    private static readonly Option<FileInfo> Table = new("--table")
    {
        Description = "file with the route table (JSON, as 'turnpike compile' writes it); changes take effect when they are saved",
        Required = true,
    };

    private static readonly Option<int> HttpPort = Port("--http-port", 8080, "port for cleartext HTTP/1.1 and HTTP/2; 0 is any free port");
    private static readonly Option<int> HttpsPort = Port("--https-port", 8443, "port for TLS");
    private static readonly Option<int> AdminPort = Port("--admin-port", 15000, "port for /ready, /live, /metrics and /table");
    private static readonly Option<IPAddress> Address = IPAddressOption("--address", IPAddress.Any, "address to listen on");
    private static readonly Option<IPAddress> AdminAddress = IPAddressOption("--admin-address", IPAddress.Loopback, "address for the admin port");

    private static readonly Option<double> DrainDelay = Seconds("--drain-delay", "seconds to go on serving after SIGTERM, no longer ready", 5.0);
    private static readonly Option<double?> DrainDuration = Seconds<double?>("--drain-duration", "seconds that requests in flight may take after that; what the table says, if not given", null);

    private static readonly Option<bool> Inline = new("--inline-completions")
    {
        Description = "handle requests on the threads that read them; 'false' costs more processor time",
        DefaultValueFactory = _ => true,
    };

    private static readonly Option<LogLevel> Level = new("--log-level")
    {
        Description = "least severity of what is logged",
        DefaultValueFactory = _ => LogLevel.Information,
    };

    public static Command Create()
    {
        var command = new Command("ingress", "Serve the routes of a table file.")
        {
            Table, HttpPort, HttpsPort, AdminPort, Address, AdminAddress, DrainDelay, DrainDuration, Inline, Level,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var inline = arguments.GetValue(Inline);
        if (inline && Environment.GetEnvironmentVariable(InlineCompletions) is null)
            Environment.SetEnvironmentVariable(InlineCompletions, "1");
        using var loggers = CreateLoggers(arguments.GetValue(Level));
        var logger = loggers.CreateLogger("Turnpike.Proxy");
        var options = new ProxyOptions
        {
            HttpPort = arguments.GetValue(HttpPort),
            HttpsPort = arguments.GetValue(HttpsPort),
            AdminPort = arguments.GetValue(AdminPort),
            Address = arguments.GetValue(Address)!,
            AdminAddress = arguments.GetValue(AdminAddress)!,
            DrainDelay = TimeSpan.FromSeconds(arguments.GetValue(DrainDelay)),
            DrainDuration = arguments.GetValue(DrainDuration) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            InlineScheduling = inline,
        };
        using var signals = new StopSignals();
        try
        {
            await using var proxy = await ProxyServer.StartAsync(options, loggers, cancellationToken: cancellationToken);
            await Console.Out.WriteLineAsync($"listening http {proxy.Http}\nlistening https {proxy.Https}\nlistening admin {proxy.Admin}");
            await using var file = TableFile.Watch(arguments.GetValue(Table)!.FullName, proxy, logger, TimeProvider.System);
            await signals.Stop;
            await proxy.DrainAsync(cancellationToken);
            return 0;
        }
        catch (IOException e)
        {
            // A port that is taken, above all.
            await Console.Error.WriteLineAsync($"turnpike-proxy: {e.Message}");
            return 1;
        }
    }

    private static ILoggerFactory CreateLoggers(LogLevel level) => LoggerFactory.Create(logging => logging
        .SetMinimumLevel(level)
        .AddFilter("Microsoft", level > LogLevel.Warning ? level : LogLevel.Warning)
        .AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        })
        .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));

    private static Option<int> Port(string name, int port, string description)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => port };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && int.TryParse(token.Value, CultureInfo.InvariantCulture, out var given) && given is < 0 or > 65535)
                result.AddError($"{name} {given}: a port is 0 to 65535");
        });
        return option;
    }

    private static Option<T> Seconds<T>(string name, string description, T seconds) =>
        new(name) { Description = description, DefaultValueFactory = _ => seconds };

    private static Option<IPAddress> IPAddressOption(string name, IPAddress address, string description) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => address,
        CustomParser = result =>
        {
            if (IPAddress.TryParse(result.Tokens[0].Value, out var given))
                return given;
            result.AddError($"{name} '{result.Tokens[0].Value}' is not an IP address");
            return null;
        },
    };
}
