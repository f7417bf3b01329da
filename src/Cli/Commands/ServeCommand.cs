using System.CommandLine;
using Turnpike.Cli.Serving;
using Turnpike.IngressProxy.AccessLog;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike serve</c>: runs the ingress without a cluster.</summary>
internal static class ServeCommand
{
    public static Command Create(GlobalOptions globals)
    {
        var directory = Shared.ConfigDir();
        var address = new Option<string>("--address")
        {
            Description = "The address to listen on.",
            HelpName = "IP",
            DefaultValueFactory = _ => "127.0.0.1",
        };
        var http = Shared.Port("--http-port", 8080, "The port of HTTP/1.1 and HTTP/2 in cleartext.");
        var https = Shared.Port("--https-port", 8443, "The port of TLS.");
        var admin = Shared.Port("--admin-port", 15000, "The port of /ready, /metrics and /table, on loopback only.");
        var log = new Option<string>("--access-log")
        {
            Description = "Write a line for each request, with its path but without its query. Default: text on a terminal, otherwise off.",
            HelpName = "off|text|json",
        };
        log.AcceptOnlyFromAmong("off", "text", "json");
        var command = new Command("serve", "Run the ingress proxy on a directory of manifests. Changes take effect within 200 ms.")
        {
            directory, address, http, https, admin, log,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            if (!System.Net.IPAddress.TryParse(parsed.GetValue(address), out var ip))
                throw new CommandException($"--address: \"{parsed.GetValue(address)}\" is not an IP address");
            var options = new ServeOptions(
                parsed.GetValue(directory)!,
                globals.NamespaceOrDefault(parsed),
                globals.ProfileOrDefault(parsed),
                ip,
                parsed.GetValue(http),
                parsed.GetValue(https),
                parsed.GetValue(admin))
            {
                AccessLog = parsed.GetValue(log) switch
                {
                    "off" => AccessLogFormat.Off,
                    "text" => AccessLogFormat.Text,
                    "json" => AccessLogFormat.Json,
                    _ => globals.Process.IsTerminal ? AccessLogFormat.Text : AccessLogFormat.Off,
                },
            };
            var invocation = parsed.InvocationConfiguration;
            return FileModeServer.RunAsync(options, invocation.Output, invocation.Error, TimeProvider.System, cancellationToken);
        });
        return command;
    }
}
