using System.CommandLine;
using Turnpike.Cli.Serving;
using Turnpike.IngressProxy.AccessLog;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike serve</c>: the ingress without a cluster.</summary>
internal static class ServeCommand
{
    public static Command Create(GlobalOptions globals)
    {
        var directory = Shared.ConfigDir();
        var address = new Option<string>("--address") { Description = "Address to listen on.", HelpName = "IP", DefaultValueFactory = _ => "127.0.0.1" };
        var http = Shared.Port("--http-port", 8080, "Port for HTTP/1.1 and HTTP/2 in cleartext.");
        var https = Shared.Port("--https-port", 8443, "Port for TLS.");
        var admin = Shared.Port("--admin-port", 15000, "Port of /ready, /metrics and /table; on loopback only.");
        var log = new Option<string>("--access-log")
        {
            Description = "A line for each request, with its path and without its query. Default: text on a terminal, else off.",
            HelpName = "off|text|json",
        };
        log.AcceptOnlyFromAmong("off", "text", "json");
        var command = new Command("serve", "Run the ingress proxy on a directory of manifests; changes are in force within 200 ms.")
        {
            directory, address, http, https, admin, log,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            if (!System.Net.IPAddress.TryParse(parsed.GetValue(address), out var ip))
                throw new CommandException($"--address: \"{parsed.GetValue(address)}\" is not an IP address");
            var options = new ServeOptions(
                parsed.GetValue(directory)!, globals.NamespaceOrDefault(parsed), globals.ProfileOrDefault(parsed), ip, parsed.GetValue(http), parsed.GetValue(https), parsed.GetValue(admin))
            {
                AccessLog = parsed.GetValue(log) switch
                {
                    "off" => AccessLogFormat.Off,
                    "text" => AccessLogFormat.Text,
                    "json" => AccessLogFormat.Json,
                    _ => globals.Process.IsTerminal ? AccessLogFormat.Text : AccessLogFormat.Off,
                },
            };
            return FileModeServer.RunAsync(options, parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, TimeProvider.System, cancellationToken);
        });
        return command;
    }
}
