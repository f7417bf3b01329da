using System.Runtime.InteropServices;
using Turnpike.Samples.Httpbin;

if (args.Contains("--help") || args.Contains("-h"))
{
    Console.Write(CommandLine.Usage);
    return 0;
}

HttpbinOptions options;
try
{
    options = CommandLine.Parse(args, Environment.GetEnvironmentVariable("HTTPBIN_VERSION_LABEL"));
}
catch (FormatException e)
{
    await Console.Error.WriteLineAsync($"httpbin: {e.Message}");
    await Console.Error.WriteAsync(CommandLine.Usage);
    return 2;
}

var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.TrySetResult();
}

using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);

try
{
    // The grace period covers the longest /delay.
    options = options with { LogToStandardError = true, GracePeriod = TimeSpan.FromSeconds(12) };
    await using var server = await HttpbinServer.StartAsync(options);
    Console.WriteLine($"listening on {server.Address.GetLeftPart(UriPartial.Authority)}");
    if (server.Http2Address is { } http2)
        Console.WriteLine($"listening on {http2.GetLeftPart(UriPartial.Authority)} for HTTP/2");

    await stop.Task;
    return 0;
}
catch (IOException e)
{
    await Console.Error.WriteLineAsync($"httpbin: cannot listen: {e.Message}");
    return 1;
}
