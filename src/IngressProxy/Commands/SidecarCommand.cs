using System.CommandLine;
using System.Net;
using Microsoft.Extensions.Logging;
using Turnpike.IngressProxy.Admin;
using Turnpike.Pipeline;
using Turnpike.Pipeline.Metrics;

namespace Turnpike.IngressProxy.Commands;

/// <summary>
/// <c>turnpike-proxy sidecar</c>: the injected container. Without traffic capture (<c>interception: none</c>) it gets no requests. It
/// responds to probes and opens no other port, so that it cannot disturb the application, and it has no route table.
/// </summary>
internal static class SidecarCommand
{
    public static Command Create()
    {
        var discovery = new Option<string?>("--discovery") { Description = "control plane; unused while traffic capture is off", HelpName = "HOST:PORT" };
        var statusPort = SharedOptions.Status();
        var address = SharedOptions.Address("--address", IPAddress.Any, "address to listen on");
        var verbosity = new Option<int>("--verbosity") { Description = "verbosity as sidecars of 2017 took it; above 2 means debug messages", HelpName = "N" };
        var level = SharedOptions.Level();
        var command = new Command("sidecar", "Run as a sidecar.") { discovery, statusPort, address, verbosity, level };
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
