using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Status;

/// <summary>Reads the state of all parts of an installation at once.</summary>
internal sealed class InstallationStatus(ClusterAccess cluster)
{
    /// <summary>Returns the parts in the order of their dependencies.</summary>
    /// <exception cref="CommandException">The cluster cannot be reached.</exception>
    public Task<StatusPart[]> ReadAsync(CancellationToken ct) => cluster.RunAsync(async api =>
    {
        var profile = await cluster.ProfileAsync(api, ct);
        return await Task.WhenAll(
            PartAsync(OperatorPart.Name, () => OperatorPart.ReadAsync(api, profile.SystemNamespace, ct)),
            PartAsync(WebhooksPart.Name, () => WebhooksPart.ReadAsync(api, profile, ct)),
            PartAsync(CertificatesPart.Name, () => CertificatesPart.ReadAsync(api, profile, cluster.Clock.GetUtcNow(), ct)),
            PartAsync(ProxiesPart.Name, () => ProxiesPart.ReadAsync(api, profile, ct)),
            PartAsync(RulesPart.Name, () => RulesPart.ReadAsync(api, cluster.Settings.Namespace, ct)),
            PartAsync(IngressesPart.Name, () => IngressesPart.ReadAsync(api, profile, cluster.Settings.Namespace, ct)));
    });

    /// <summary>
    /// Reads one part. If the user may not see it, or the cluster does not serve it, the part is unknown and the others are still shown.
    /// </summary>
    public static async Task<StatusPart> PartAsync(string name, Func<Task<StatusPart>> read)
    {
        try
        {
            return await read();
        }
        catch (KubeStatusException e) when (e.Code is 403 or 404)
        {
            return StatusPart.Unknown(name, Refusal.Read(e).ToString());
        }
    }
}
