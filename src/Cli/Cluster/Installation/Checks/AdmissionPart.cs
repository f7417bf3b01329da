using Turnpike.Cli.Cluster.Status;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Installation.Checks;

/// <summary>
/// Applies each object by dry run, so that policies and webhooks cannot stop an installation half way. Objects in a namespace that does not
/// exist yet
/// cannot be tried.
/// </summary>
internal sealed class AdmissionPart(KubeApi api)
{
    public const string Name = "admission";

    public async Task<StatusPart> ReadAsync(IReadOnlyList<ClusterObject> objects, CancellationToken ct)
    {
        var problems = new List<string>();
        var tried = 0;
        var apply = new ManifestApply(api, await api.GetServerVersionAsync(ct));
        foreach (var item in objects)
        {
            if (item.Key.Namespace.Length > 0
                && await api.FindAsync(KnownResources.Namespaces, NamespacedName.ClusterScoped(item.Key.Namespace), ct) is null)
            {
                continue;
            }
            tried++;
            try
            {
                await apply.ApplyAsync(item, dryRun: true, ct);
            }
            catch (KubeStatusException e) when (!e.ServerMessage.Contains("does not support dry run", StringComparison.Ordinal))
            {
                problems.Add($"{item.Resource.Kind} {item.Key}: {Refusal.Read(e)}");
            }
            catch (KubeStatusException)
            {
                // A webhook of somebody else does not support dry run, so this object cannot be tried.
            }
        }
        return new StatusPart(Name, $"{tried - problems.Count} of {tried} objects accepted by dry run")
        {
            Problems = problems,
            Remedy = "change the policy or the object that prevents it",
        };
    }
}
