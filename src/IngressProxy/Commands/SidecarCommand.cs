using System.CommandLine;
using System.Net;
using Microsoft.Extensions.Logging;
using Turnpike.IngressProxy.Admin;
using Turnpike.IngressProxy.Pipeline;
using Turnpike.IngressProxy.Upstream;

namespace Turnpike.IngressProxy.Commands;

/// <summary>
/// <c>turnpike-proxy sidecar</c>: the injected container. Without traffic capture (<c>interception: none</c>) no request comes to it:
/// it answers its probes and opens no other port, so that it can be in nobody's way.
/// </summary>
internal static class SidecarCommand
{
    public static Command Create()
    {
        var discovery = new Option<string?>("--discovery") { Description = "the control plane, host:port; not asked for anything while no traffic is captured", HelpName = "HOST:PORT" };
        var adminPort = SharedOptions.Port("--admin-port", 15020, "port for /ready, /live and /metrics");
        var adminAddress = SharedOptions.Address("--admin-address", IPAddress.Any, "address for the admin port");
        var verbosity = new Option<int>("--verbosity") { Description = "as the sidecars of 2017 took it: above 2, debug messages", HelpName = "N" };
        var level = SharedOptions.Level();
        var command = new Command("sidecar", "Stand beside an application.") { discovery, adminPort, adminAddress, verbosity, level };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            using var loggers = SharedOptions.CreateLoggers(arguments.GetValue(verbosity) > 2 ? LogLevel.Debug : arguments.GetValue(level));
            var logger = loggers.CreateLogger("Turnpike.Proxy");
            using var signals = new StopSignals();
            var metrics = new ProxyMetrics();
            using var upstream = new UpstreamClient(new UpstreamReport(metrics, logger, TimeProvider.System), TimeProvider.System);
            var readiness = new Readiness();
            readiness.TableLoaded();
            var pages = new AdminPages(readiness, metrics, new ProxyPipeline(upstream, metrics, logger, Random.Shared, TimeProvider.System));
            var options = new ProxyOptions { AdminPort = arguments.GetValue(adminPort), AdminAddress = arguments.GetValue(adminAddress)! };
            try
            {
                await using var admin = await AdminServer.StartAsync(options, pages, loggers, cancellationToken);
                await Console.Out.WriteLineAsync($"listening admin {admin.EndPoint}");
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
