using Turnpike.Api.RouteRules;
using Turnpike.Compiler;

namespace Turnpike.Cli.Validation;

/// <summary>
/// Decides whether a set of manifests is complete enough to report that something is missing. Files are rarely a whole cluster, so a rule
/// without its
/// Service is not an error. If the set has any Service (or TLS Secret) of a namespace, it is assumed to have all of them.
/// </summary>
internal sealed class KnownNeighbours(ClusterSnapshot snapshot)
{
    private readonly HashSet<string> _withServices = [.. snapshot.Services.Select(s => s.Metadata.Namespace)];
    private readonly HashSet<string> _withSecrets = [.. snapshot.TlsSecrets.Select(s => s.Metadata.Namespace)];
    private readonly HashSet<string> _namespaces = [.. snapshot.Namespaces.Select(n => n.Metadata.Name)];
    private readonly ILookup<(string, string), RouteRule> _rules =
        snapshot.RouteRules.ToLookup(r => (r.Metadata.Namespace, r.Metadata.Name));

    public bool CanJudge(Diagnostic diagnostic) => diagnostic.Reason switch
    {
        DiagnosticReasons.BackendNotFound => _withServices.Contains(diagnostic.Subject.Namespace),
        DiagnosticReasons.SecretNotFound => _withSecrets.Contains(diagnostic.Subject.Namespace),
        DiagnosticReasons.DestinationNotFound => NamespacesOf(diagnostic.Subject).All(_withServices.Contains),
        // Only the Namespace object says which rules of other namespaces it admits.
        DiagnosticReasons.NotPermitted =>
            NamespacesOf(diagnostic.Subject).All(ns => ns == diagnostic.Subject.Namespace || _namespaces.Contains(ns)),
        _ => true,
    };

    /// <summary>Returns the namespaces of all services that the rules of that name refer to.</summary>
    private IEnumerable<string> NamespacesOf(Reading.ObjectKey rule) => _rules[(rule.Namespace, rule.Name)].SelectMany(NamespacesOf);

    /// <summary>Returns the namespaces of all services that a rule refers to.</summary>
    private static IEnumerable<string> NamespacesOf(RouteRule rule)
    {
        var spec = rule.Spec;
        var services = new[] { spec.Destination, spec.Mirror }.Concat((spec.Route ?? []).Select(route => route.Destination));
        return services.OfType<IstioService>().Select(service => NamespaceOf(service, rule)).Distinct();
    }

    private static string NamespaceOf(IstioService service, RouteRule rule)
    {
        // The second label of a full host name is the namespace: reviews.default.svc.cluster.local.
        if (service.Service is { Length: > 0 } host && host.Split('.') is [_, var second, ..])
            return second;
        return service.Namespace is { Length: > 0 } written ? written : rule.Metadata.Namespace;
    }
}
