using System.Globalization;

namespace Turnpike.Cli.Cluster;

/// <summary>Waits until every proxy uses the rules that were sent.</summary>
internal sealed class ProgrammedWait(ClusterAccess cluster, TextWriter output)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <exception cref="CommandException">A rule is not in force in time, or it was refused.</exception>
    public async Task RunAsync(IReadOnlyList<SentObject> sent, TimeSpan limit, CancellationToken ct)
    {
        var pending = sent.Where(item => item.Object.IsRouteRule).ToList();
        var started = cluster.Clock.GetTimestamp();
        while (true)
        {
            var problems = new Dictionary<SentObject, string>();
            foreach (var item in pending)
            {
                if (await ProblemAsync(item, ct) is { } problem)
                    problems.Add(item, problem);
                else
                    await output.WriteLineAsync($"In force {item.Object} after {Seconds(cluster.Clock.GetElapsedTime(item.SentAt))}");
            }
            pending = [.. problems.Keys];
            if (pending.Count == 0)
                return;
            if (cluster.Clock.GetElapsedTime(started) >= limit)
                throw Failure($"not in force after {Seconds(limit)}", problems);
            await Task.Delay(Pause, cluster.Clock, ct);
        }
    }

    private async Task<string?> ProblemAsync(SentObject item, CancellationToken ct)
    {
        var found = await cluster.RunAsync(api => api.FindAsync(item.Object.Resource, item.Object.Key, ct));
        if (found is not { } rule)
            throw new CommandException($"{item.Object} was deleted meanwhile");
        var status = RuleStatus.Read(rule, item.Generation);
        // Waiting helps if proxies do not have the rule yet, but not if it was refused.
        if (status.Accepted is { IsFalse: true } refused)
            throw new CommandException($"{item.Object} is not in force: {refused}");
        return status.Problem;
    }

    private static CommandException Failure(string message, Dictionary<SentObject, string> problems) =>
        new(message, [.. problems.Select(problem => $"{problem.Key.Object}: {problem.Value}")]);

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.##", CultureInfo.InvariantCulture) + " s";
}
