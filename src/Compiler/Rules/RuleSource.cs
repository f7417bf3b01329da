using System.Collections.Immutable;
using Turnpike.Reading;

namespace Turnpike.Compiler.Rules;

/// <summary>
/// Where the requests of a table come from, in the words of RouteRules: what <c>match.source</c> of a rule must name to take them.
/// </summary>
/// <param name="Host">The host name of the service that stands for the source; null where no service does.</param>
/// <param name="Labels">The labels of its pods.</param>
internal sealed record RuleSource(string? Host, ImmutableSortedDictionary<string, string> Labels)
{
    /// <summary>
    /// Returns the source that an audience is. The ingress is its own service. A sidecar sends the requests of its workload, for which no
    /// service stands here yet, so that it gets the rules without a source alone.
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

    /// <summary>Returns true when requests of this source are those that a rule wants.</summary>
    /// <param name="host">The host name that the rule gives for its source.</param>
    /// <param name="labels">The labels that it asks for; null for any.</param>
    public bool Is(string host, ImmutableSortedDictionary<string, string>? labels) =>
        string.Equals(host, Host, StringComparison.OrdinalIgnoreCase)
        && (labels is null || Backends.Labels.Contain(Labels, labels));
}
