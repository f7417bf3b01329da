using System.Globalization;

namespace Turnpike.Bench.Micro;

/// <summary>
/// The processor time of a request, which is the figure to compare on a machine that does other work at the same time: there the elapsed
/// time counts the others' work too.
/// </summary>
internal static class CpuTime
{
    private const int Rounds = 8;
    private const int Requests = 200_000;

    public static void Report(PipelineBenchmark benchmark)
    {
        Console.WriteLine("\nProcessor time, the least of some rounds:");
        Report(nameof(benchmark.Forward), benchmark.Forward);
        Report(nameof(benchmark.ForwardWithRetryPolicy), benchmark.ForwardWithRetryPolicy);
        Report(nameof(benchmark.Redirect), benchmark.Redirect);
    }

    private static void Report(string name, Func<ValueTask> request)
    {
        var least = double.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var began = Environment.CpuUsage.TotalTime;
            for (var i = 0; i < Requests; i++)
            {
                var run = request();
                if (!run.IsCompletedSuccessfully)
                    throw new InvalidOperationException("the pipeline waits for something");
            }
            least = Math.Min(least, (Environment.CpuUsage.TotalTime - began).TotalNanoseconds / Requests);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-24} {least,6:F0} ns"));
    }
}
