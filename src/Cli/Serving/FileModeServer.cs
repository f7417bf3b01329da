using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using Turnpike.Api;
using Turnpike.Cli.Manifests;
using Turnpike.IngressProxy;
using Turnpike.IngressProxy.AccessLog;
using Turnpike.Routing;

namespace Turnpike.Cli.Serving;

internal sealed record ServeOptions(
    string ConfigDir, string Namespace, Profile Profile, IPAddress Address, int HttpPort, int HttpsPort, int AdminPort)
{
    public AccessLogFormat AccessLog { get; init; }
}

/// <summary>Runs the proxy in this process with the table of a directory, and follows the directory until it is told to stop.</summary>
internal static class FileModeServer
{
    public static async Task<int> RunAsync(
        ServeOptions options, TextWriter output, TextWriter error, TimeProvider time, CancellationToken cancellationToken)
    {
        var directory = ConfigDirectory.Open(options.ConfigDir, options.Namespace, options.Profile);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        void Stop(PosixSignalContext signal)
        {
            // The second signal ends the process at once, as the system does by default.
            signal.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);

        // With a JSON access log, standard output must contain nothing else.
        using var faults = new LineQueue(error);
        using var events = new LineQueue(options.AccessLog == AccessLogFormat.Json ? error : output);
        var report = new ProblemReport(faults);
        using var watch = new DirectoryWatch(options.ConfigDir, time);
        await using var proxy = await ProxyServer.StartAsync(
            new ProxyOptions
            {
                Address = options.Address,
                Listeners = ListenerOptions.OfIngress(options.HttpPort, options.HttpsPort),
                AdminPort = options.AdminPort,
                AccessLog = options.AccessLog,
                AccessLogSink = ReferenceEquals(output, Console.Out) ? null : SinkOf(output),
            },
            cancellationToken: stop.Token);
        // The port of TLS is known only now if the system chooses it.
        directory.HttpsPort = proxy.EndPointOf(IngressListeners.Https).Port;
        var first = directory.Load();
        report.Show(first.Problems);
        proxy.Swap(first.Table);
        foreach (var (listener, endPoint) in proxy.Listening)
            events.Say($"listening {listener} {endPoint}");
        events.Say($"listening admin {proxy.Admin}");
        events.Say(Summary(first));
        var warmup = Task.Run(Warmup.Run, stop.Token);
        try
        {
            while (true)
            {
                await watch.WaitAsync(stop.Token);
                var started = Stopwatch.GetTimestamp();
                if (Reload(directory, report) is not { } config || config.Table.Version == proxy.Table.Version)
                    continue;
                proxy.Swap(config.Table);
                events.Say($"{Summary(config)} in {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms");
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            events.Say("stopping: finishing requests in flight");
        }
        await warmup.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await proxy.DrainAsync(CancellationToken.None);
        return ExitCodes.Success;
    }

    private static LoadedConfig? Reload(ConfigDirectory directory, ProblemReport report)
    {
        try
        {
            var config = directory.Load();
            report.Show(config.Problems);
            return config;
        }
        catch (IOException e)
        {
            // A file or the directory disappeared while it was read. The current table stays.
            report.Show([$"error: the directory cannot be read: {e.Message.ReplaceLineEndings(" ")}"]);
            return null;
        }
    }

    private static AccessLogSink SinkOf(TextWriter output) => lines =>
    {
        output.Write(System.Text.Encoding.UTF8.GetString(lines));
        output.Flush();
    };

    private static string Summary(LoadedConfig config)
    {
        return $"table {config.Table.Version} in force: {Count(config.Table.VirtualHostCount, "virtual host")}, {Count(config.Table.Clusters.All.Length, "cluster")}, {Count(config.Snapshot.RouteRules.Length, "route rule")}";
    }

    private static string Count(int n, string noun) => n == 1 ? $"1 {noun}" : $"{n} {noun}s";
}
