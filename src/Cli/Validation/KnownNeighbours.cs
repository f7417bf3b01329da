using Turnpike.Api.RouteRules;
using Turnpike.Compiler;

namespace Turnpike.Cli.Validation;

/// <summary>
/// Whether a set of manifests holds enough to say that something is missing. Files are seldom all of a cluster: a rule without its Service beside it is
/// no fault. Where the set has another Service (or TLS Secret) of the namespace in question, it is taken to have all of them.
/// </summary>
internal sealed class KnownNeighbours(ClusterSnapshot snapshot)
{
    private readonly HashSet<string> _withServices = [.. snapshot.Services.Select(s => s.Metadata.Namespace)];
    private readonly HashSet<string> _withSecrets = [.. snapshot.TlsSecrets.Select(s => s.Metadata.Namespace)];
    private readonly HashSet<string> _namespaces = [.. snapshot.Namespaces.Select(n => n.Metadata.Name)];
    private readonly ILookup<(string, string), RouteRule> _rules = snapshot.RouteRules.ToLookup(r => (r.Metadata.Namespace, r.Metadata.Name));

    public bool CanJudge(Diagnostic diagnostic) => diagnostic.Reason switch
    {
        DiagnosticReasons.BackendNotFound => _withServices.Contains(diagnostic.Subject.Namespace),
        DiagnosticReasons.SecretNotFound => _withSecrets.Contains(diagnostic.Subject.Namespace),
        DiagnosticReasons.DestinationNotFound => _rules[(diagnostic.Subject.Namespace, diagnostic.Subject.Name)].SelectMany(NamespacesOf).All(_withServices.Contains),
        // What a namespace admits, its own object says.
        DiagnosticReasons.NotPermitted => _rules[(diagnostic.Subject.Namespace, diagnostic.Subject.Name)].SelectMany(NamespacesOf)
            .All(ns => ns == diagnostic.Subject.Namespace || _namespaces.Contains(ns)),
        _ => true,
    };

    /// <summary>The namespaces of all services that a rule names.</summary>
    private static IEnumerable<string> NamespacesOf(RouteRule rule)
    {
        var spec = rule.Spec;
        var services = new[] { spec.Destination, spec.Mirror }.Concat((spec.Route ?? []).Select(route => route.Destination));
        return services.OfType<IstioService>().Select(service => NamespaceOf(service, rule)).Distinct();
    }

    private static string NamespaceOf(IstioService service, RouteRule rule)
    {
        // A full host name has its namespace second: reviews.default.svc.cluster.local.
        if (service.Service is { Length: > 0 } host && host.Split('.') is [_, var second, ..])
            return second;
        return service.Namespace is { Length: > 0 } written ? written : rule.Metadata.Namespace;
    }
}
