using Turnpike.Api;
using Turnpike.Cli.Cluster.Status;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Installation;

/// <summary>Applies the objects of a profile to the cluster after checking that they conflict with nothing.</summary>
internal sealed class Installer(KubeApi api, Profile profile, TextWriter output)
{
    private readonly IReadOnlyList<ClusterObject> _objects = InstallManifest.Of(profile);

    /// <exception cref="CommandException">There are conflicts. The exception lists all of them with their remedies. Nothing was
    /// changed.</exception>
    public async Task CheckAsync(CancellationToken ct)
    {
        var parts = await new InstallationChecks(api, profile).ReadBeforeInstallAsync(_objects, ct);
        var faulty = parts.Where(part => part.State != PartState.Ok).ToList();
        if (faulty.Count == 0)
            return;
        // A part that could not be checked may hold something that the installation would break.
        var reasons = faulty.SelectMany(part => part.State == PartState.Unknown
            ? [$"{part.Name}: cannot be checked: {part.Summary}"]
            : part.Problems.Select(problem => $"{part.Name}: {problem}"));
        var remedies = faulty
            .Select(part => part.State == PartState.Problem ? part.Remedy : null)
            .OfType<string>()
            .Distinct()
            .Select(remedy => $"what to do: {remedy}");
        throw new CommandException("nothing was installed", [.. reasons, .. remedies]);
    }

    /// <summary>Applies all objects in their order. Applying them again changes nothing.</summary>
    public async Task ApplyAsync(bool dryRun, CancellationToken ct)
    {
        var apply = new ManifestApply(api, await api.GetServerVersionAsync(ct));
        foreach (var item in _objects)
        {
            try
            {
                var outcome = dryRun && !await HasNamespaceAsync(item.Key, ct)
                    ? ApplyOutcome.Created
                    : await apply.ApplyAsync(item, dryRun, ct);
                var name = InstallManifest.NameOf(item.Resource, item.Key);
                await output.WriteLineAsync($"{name} {Word(outcome)}{(dryRun ? " (dry run)" : "")}");
            }
            catch (KubeStatusException e)
            {
                throw Refusal.Read(e).ToException(
                    $"cannot apply {item.Resource.Kind} {item.Key}; the objects before it stay, and the same command continues from there");
            }
        }
    }

    /// <summary>Returns true when the object's namespace exists. A dry run cannot create an object in a namespace that does not.</summary>
    private async Task<bool> HasNamespaceAsync(NamespacedName key, CancellationToken ct) =>
        key.Namespace.Length == 0 || await api.FindAsync(KnownResources.Namespaces, NamespacedName.ClusterScoped(key.Namespace), ct) is not null;

    private static string Word(ApplyOutcome outcome) => outcome switch
    {
        ApplyOutcome.Created => "created",
        ApplyOutcome.Configured => "configured",
        _ => "unchanged",
    };
}
