using Turnpike.Api;
using Turnpike.Cli.Cluster.Status;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster;

/// <summary>The versions that run in a cluster, or the reason why they are not known.</summary>
/// <param name="Operator">Null where none is installed, or where that is not known.</param>
/// <param name="Proxies">How many proxies run which version, newest first by text.</param>
/// <param name="Note">What the user should know besides; null where that is all.</param>
internal sealed record InstalledVersions(ProgramVersion? Operator, IReadOnlyList<(ProgramVersion Version, int Count)> Proxies, string? Note)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Asks the cluster, but not for long: whatever goes wrong is a note, not a failure.</summary>
    public static async Task<InstalledVersions> AskAsync(Func<ClusterAccess> open, TimeProvider clock, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            // A credential plugin may hold the thread for as long as it likes.
            return await Task.Run(() => AskClusterAsync(open, stop.Token), stop.Token).WaitAsync(Patience, clock, ct);
        }
        catch (TimeoutException)
        {
            return Nothing($"the cluster does not answer within {Patience.TotalSeconds} s");
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
            return new InstalledVersions(
                build is null ? null : ProgramVersion.Parse(build), [.. proxies], build is null ? $"no operator is installed in namespace {system}" : null);
        });
    }

    /// <summary>An operator that has not reported yet, or is not running: what it was installed as.</summary>
    private static async Task<string?> OfDeploymentAsync(KubeApi api, string system, CancellationToken ct) =>
        await api.FindAsync(KnownResources.Deployments, new NamespacedName(system, Names.OperatorDeployment), ct) is { } deployment
            ? OperatorPart.Version(deployment) ?? "unknown"
            : null;

    private static InstalledVersions Nothing(string note) => new(null, [], note);
}
