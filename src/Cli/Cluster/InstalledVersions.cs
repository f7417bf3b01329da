using Turnpike.Api;
using Turnpike.Cli.Cluster.Status;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster;

/// <summary>The versions that run in a cluster, or the reason why they are not known.</summary>
/// <param name="Operator">The operator's version; null if none is installed or if it is not known.</param>
/// <param name="Proxies">The number of proxies by version, in descending order of its text.</param>
/// <param name="Note">A note for the user, or null.</param>
internal sealed record InstalledVersions(
    ProgramVersion? Operator, IReadOnlyList<(ProgramVersion Version, int Count)> Proxies, string? Note)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>Asks the cluster, for a bounded time. A failure becomes the note in the result.</summary>
    public static async Task<InstalledVersions> AskAsync(Func<ClusterAccess> open, TimeProvider clock, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            // A credential plugin may block the thread for any time.
            return await Task.Run(() => AskClusterAsync(open, stop.Token), stop.Token).WaitAsync(Timeout, clock, ct);
        }
        catch (TimeoutException)
        {
            return Nothing($"the cluster does not respond within {Timeout.TotalSeconds} s");
        }
        catch (CommandException e)
        {
            return Nothing(string.Join(' ', e.Lines));
        }
        finally
        {
            await stop.CancelAsync();
        }
    }

    private static async Task<InstalledVersions> AskClusterAsync(Func<ClusterAccess> open, CancellationToken ct)
    {
        using var cluster = open();
        return await cluster.RunAsync(async api =>
        {
            var system = (await cluster.ProfileAsync(api, ct)).SystemNamespace;
            var report = await FleetReport.ReadAsync(api, system, ct);
            var proxies = (report.Proxies ?? [])
                .GroupBy(proxy => proxy.Build ?? "unknown")
                .OrderByDescending(group => group.Key, StringComparer.Ordinal)
                .Select(group => (ProgramVersion.Parse(group.Key), group.Count()));
            var build = report.Build ?? await OfDeploymentAsync(api, system, ct);
            return build is null
                ? new InstalledVersions(null, [.. proxies], $"no operator is installed in namespace {system}")
                : new InstalledVersions(ProgramVersion.Parse(build), [.. proxies], null);
        });
    }

    /// <summary>Returns the version of the Deployment, for an operator that has not reported yet or is not running.</summary>
    private static async Task<string?> OfDeploymentAsync(KubeApi api, string system, CancellationToken ct) =>
        await api.FindAsync(KnownResources.Deployments, new NamespacedName(system, Names.OperatorDeployment), ct) is { } deployment
            ? OperatorPart.Version(deployment) ?? "unknown"
            : null;

    private static InstalledVersions Nothing(string note) => new(null, [], note);
}
