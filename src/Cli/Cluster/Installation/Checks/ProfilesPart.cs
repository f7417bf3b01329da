using Turnpike.Api;
using Turnpike.Cli.Cluster.Status;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Installation.Checks;

/// <summary>
/// Checks for another installation of Turnpike. Both would use the same route rules and overwrite each other's conditions.
/// </summary>
internal static class ProfilesPart
{
    public const string Name = "profiles";

    public static async Task<StatusPart> ReadAsync(KubeApi api, Profile profile, CancellationToken ct) =>
        await Installations.OtherAsync(api, profile, ct) is { } other
            ? new StatusPart(Name, "another profile is installed")
            {
                Problems =
                [
                    $"profile {other.Name} is installed in namespace {other.SystemNamespace}, and both would write the conditions of every route rule",
                ],
                Remedy = $"turnpike uninstall --profile {other.Name} removes it and keeps the rules; or continue with --profile {other.Name}",
            }
            : new StatusPart(Name, $"{profile.Name} alone");
}
