using Turnpike.Cli.Cluster.Status;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Installation.Checks;

/// <summary>
/// What the API server, its policies and its webhooks say of each object, by dry run: an installation is not to end half way. What belongs
/// into a namespace that is not there yet cannot be tried.
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
            if (item.Key.Namespace.Length > 0 && await api.FindAsync(KnownResources.Namespaces, NamespacedName.ClusterScoped(item.Key.Namespace), ct) is null)
                continue;
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
                // Somebody's webhook can only be asked in earnest.
            }
        }
        return new StatusPart(Name, $"{tried - problems.Count} of {tried} objects accepted by dry run")
        {
            Problems = problems,
            Remedy = "change the policy or the object that is in the way",
        };
    }
}
