using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Certificates;

/// <summary>Which certificates are made, for whom, and how long they live.</summary>
public sealed record CertificateOptions
{
    /// <summary>Where CA and leaf are kept, the same for all replicas.</summary>
    public required NamespacedName Secret { get; init; }

    /// <summary>What clients call us, such as <c>webhooks.system.svc</c>.</summary>
    public required IReadOnlyList<string> DnsNames { get; init; }

    public TimeSpan AuthorityLifetime { get; init; } = TimeSpan.FromDays(365);

    public TimeSpan LeafLifetime { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How long a new CA must have been trusted before it signs: API servers read their configuration from caches.</summary>
    public TimeSpan Propagation { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How often everything is looked at though nothing seems to have happened.</summary>
    public TimeSpan Resync { get; init; } = TimeSpan.FromMinutes(10);
}
