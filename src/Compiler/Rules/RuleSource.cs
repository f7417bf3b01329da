using System.Collections.Immutable;
using Turnpike.Reading;

namespace Turnpike.Compiler.Rules;

/// <summary>
/// The source of the requests of a table, in the terms of RouteRules: a rule with a <c>match.source</c> takes the requests only if it names
/// this source.
/// </summary>
/// <param name="Host">The host name of the service that represents the source; null when no service does.</param>
/// <param name="Labels">The labels of the source's pods.</param>
internal sealed record RuleSource(string? Host, ImmutableSortedDictionary<string, string> Labels)
{
    /// <summary>
    /// Returns the source for an audience. The source of the ingress is its own service. A sidecar sends the requests of its workload,
    /// which no service represents here yet, so it gets only the rules without a source.
    /// </summary>
    public static RuleSource Of(TableAudience audience, ClusterSnapshot snapshot)
    {
        if (audience.Role != ProxyRole.Ingress)
            return new RuleSource(null, ObjectMeta.EmptyMap);
        var label = snapshot.Profile.IngressLabel;
        return new RuleSource(
            $"{audience.ServiceAccount}.{audience.Namespace}.svc.{snapshot.Mesh.Domain}",
            ObjectMeta.EmptyMap.Add(label.Key, label.Value));
    }

    /// <summary>Returns true when the source is the one that a rule names.</summary>
    /// <param name="host">The host name that the rule gives for its source.</param>
    /// <param name="labels">The labels that the rule requires; null for any.</param>
    public bool Is(string host, ImmutableSortedDictionary<string, string>? labels) =>
        string.Equals(host, Host, StringComparison.OrdinalIgnoreCase)
        && (labels is null || Backends.Labels.Contain(Labels, labels));
}
