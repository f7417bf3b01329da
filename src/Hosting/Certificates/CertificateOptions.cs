using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Certificates;

/// <summary>The names and lifetimes of the certificates, and where they are stored.</summary>
public sealed record CertificateOptions
{
    /// <summary>The Secret that holds the authority and the leaf, shared by all replicas.</summary>
    public required NamespacedName Secret { get; init; }

    /// <summary>The names by which clients reach the server, such as <c>webhooks.system.svc</c>.</summary>
    public required IReadOnlyList<string> DnsNames { get; init; }

    public TimeSpan AuthorityLifetime { get; init; } = TimeSpan.FromDays(365);

    public TimeSpan LeafLifetime { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How long a new authority must be trusted before it signs. API servers read their configuration from caches.</summary>
    public TimeSpan Propagation { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The interval at which everything is checked even without an event.</summary>
    public TimeSpan Resync { get; init; } = TimeSpan.FromMinutes(10);
}
