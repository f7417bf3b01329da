using System.CommandLine;
using System.Net;
using Microsoft.Extensions.Logging;
using Turnpike.IngressProxy.Admin;
using Turnpike.Pipeline;
using Turnpike.Pipeline.Metrics;

namespace Turnpike.IngressProxy.Commands;

/// <summary>
/// <c>turnpike-proxy sidecar</c>: the injected container. Without traffic capture (<c>interception: none</c>) no request comes to it:
/// it answers its probes and opens no other port, so that it can be in nobody's way. It has no route table that it could show.
/// </summary>
internal static class SidecarCommand
{
    public static Command Create()
    {
        var discovery = new Option<string?>("--discovery") { Description = "the control plane, host:port; not asked for anything while no traffic is captured", HelpName = "HOST:PORT" };
        var statusPort = SharedOptions.Status();
        var address = SharedOptions.Address("--address", IPAddress.Any, "address to listen on");
        var verbosity = new Option<int>("--verbosity") { Description = "as the sidecars of 2017 took it: above 2, debug messages", HelpName = "N" };
        var level = SharedOptions.Level();
        var command = new Command("sidecar", "Stand beside an application.") { discovery, statusPort, address, verbosity, level };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            using var loggers = SharedOptions.CreateLoggers(arguments.GetValue(verbosity) > 2 ? LogLevel.Debug : arguments.GetValue(level));
            using var signals = new StopSignals();
            var readiness = new Readiness();
            readiness.TableLoaded();
            var pages = new StatusPages(readiness, new ProxyMetrics(new ListenerBindings()), null);
            try
            {
                var endPoint = new IPEndPoint(arguments.GetValue(address)!, arguments.GetValue(statusPort));
                await using var status = await AdminServer.StartAsync(endPoint, pages, loggers, cancellationToken);
                await Console.Out.WriteLineAsync($"listening status {status.EndPoint}");
                await signals.Stop;
                return 0;
            }
            catch (IOException e)
            {
                await Console.Error.WriteLineAsync($"turnpike-proxy: {e.Message}");
                return 1;
            }
        });
        return command;
    }
}
