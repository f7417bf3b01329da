using System.Diagnostics;
using System.Globalization;
using System.Text;
using Xunit.Sdk;

namespace Turnpike.Tests.EndToEnd.Support;

/// <summary>
/// A test that is told step by step: each is printed when it is done, and a failure names its step. What later steps build upon is
/// done with <see cref="DoAsync"/>; a promise that can be broken by itself is checked with <see cref="CheckAsync"/>.
/// </summary>
internal sealed class Story
{
    // The longest step installs Turnpike, or changes a rule a hundred times.
    private static readonly TimeSpan StepLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    private readonly List<string> _failures = [];
    private readonly Cluster _cluster;
    private string _at = "its beginning";

    private Story(Cluster cluster) => _cluster = cluster;

    public static async Task TellAsync(Cluster cluster, string title, Func<Story, Task> tell)
    {
        Assert.SkipUnless(Cluster.Wanted, "end-to-end tests run by `make e2e`");
        Print($"\n{title}");
        var story = new Story(cluster);
        try
        {
            await tell(story).WaitAsync(Limit, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            story._failures.Add($"the story did not end within {Limit}; it was at {story._at}, or at giving back what it had taken");
        }
        catch (StepFailedException)
        {
            // Noted already.
        }
        if (story._failures.Count > 0)
            Assert.Fail($"{title}\n\n{string.Join("\n\n", story._failures)}\n\n{await story._cluster.DescribeAsync()}");
    }

    /// <summary>A step that the rest of the story needs: its failure ends the story.</summary>
    public async Task DoAsync(string step, Func<Task> action)
    {
        if (!await RunAsync(step, action))
            throw new StepFailedException();
    }

    /// <summary>A promise: when it is broken, the story fails in the end but goes on.</summary>
    public Task CheckAsync(string promise, Func<Task> action) => RunAsync(promise, action);

    public static void Print(string line) => Console.WriteLine(line);

    private async Task<bool> RunAsync(string step, Func<Task> action)
    {
        var started = Stopwatch.GetTimestamp();
        Exception? fault = null;
        _at = $"the step \"{step}\"";
        try
        {
            await action().WaitAsync(StepLimit, TestContext.Current.CancellationToken);
        }
        catch (Exception e) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            fault = e;
        }
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Print(string.Create(CultureInfo.InvariantCulture, $"  {(fault is null ? "ok  " : "FAIL")} {seconds,6:0.00} s  {step}"));
        if (fault is null)
            return true;
        var text = fault is IAssertionException ? fault.Message : fault.ToString();
        Print(Indented(text));
        _failures.Add($"step \"{step}\":\n{Indented(text)}");
        return false;
    }

    private static string Indented(string text) =>
        text.Split('\n').Aggregate(new StringBuilder(), (all, line) => all.Append("      ").Append(line.TrimEnd()).Append('\n')).ToString().TrimEnd();

    private sealed class StepFailedException : Exception;
}
