using System.Collections.Immutable;
using Turnpike.Api;
using Turnpike.Api.Core;
using Turnpike.Api.RouteRules;
using Turnpike.Compiler.Backends;
using Turnpike.Compiler.Incremental;
using Turnpike.Compiler.Rules;
using Turnpike.Routing;

namespace Turnpike.Compiler;

/// <summary>A RouteRule for the service of a path that has no route there.</summary>
/// <param name="Rule">The <c>namespace/name</c> of the rule.</param>
/// <param name="Why">The reason: one sentence that names the field, without a full stop.</param>
public sealed record MissingRule(string Rule, string Why);

/// <summary>Finds the reasons why RouteRules for the service behind a path are not among its routes.</summary>
public static class MissingRules
{
    /// <param name="snapshot">The snapshot that the table was compiled from.</param>
    /// <param name="diagnostics">The diagnostics of reading the snapshot and of compiling it.</param>
    /// <param name="entry">A path entry of the table.</param>
    public static ImmutableArray<MissingRule> Of(ClusterSnapshot snapshot, ImmutableArray<Diagnostic> diagnostics, PathEntry entry)
    {
        var backends = new BackendIndex(snapshot);
        if (ServiceOf(entry.Origin, backends) is not { } service)
            return [];
        var recorder = new Unit.Recorder();
        var rules = new RuleIndex(
            snapshot, TableAudience.OfIngress(snapshot.Profile), backends, new DiagnosticBag(recorder), recorder);
        var host = backends.HostOf(service);
        var here = entry.Routes.Under(entry.Path).Select(r => r.Rule).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var said = diagnostics.Where(d => d.Subject.Kind == Kinds.RouteRule).ToLookup(d => $"{d.Subject.Namespace}/{d.Subject.Name}", StringComparer.Ordinal);
        var valid = snapshot.RouteRules
            .Where(r => !here.Contains(r.Metadata.ToString()) && string.Equals(rules.HostOf(r.Spec.Destination!, r), host, StringComparison.OrdinalIgnoreCase))
            .Select(r => new MissingRule(r.Metadata.ToString(), Reason(r, [.. said[r.Metadata.ToString()]], rules, entry)));
        // The destination of an invalid rule cannot always be read. A rule of the service's own namespace may be meant for it.
        var known = snapshot.RouteRules.Select(r => r.Metadata.ToString()).ToHashSet(StringComparer.Ordinal);
        var invalid = said
            .Where(s => s.First().Subject.Namespace == service.Metadata.Namespace && !known.Contains(s.Key))
            .Where(s => s.Any(d => d.Reason == DiagnosticReasons.Invalid))
            .Select(s => new MissingRule(s.Key, "not valid: " + Join(s.Where(d => d.Reason == DiagnosticReasons.Invalid))));
        return [.. valid.Concat(invalid).OrderBy(m => m.Rule, StringComparer.Ordinal)];
    }

    private static string Reason(RouteRule rule, IReadOnlyList<Diagnostic> said, RuleIndex rules, PathEntry entry)
    {
        if (entry.Routes.All is [{ Rule: null, Targets.IsEmpty: true } only])
            return only.Redirect is null ? "the path is not served, so no rule is asked" : "port 80 redirects this path to HTTPS; rules are asked there";
        if (!rules.Applies(rule))
            return $"spec.match.source: the rule is for requests of {rules.HostOf(rule.Spec.Match!.Source!, rule)}, not of the ingress";
        var errors = said.Where(d => d.Severity == DiagnosticSeverity.Error).ToList();
        if (errors.Count > 0)
            return Join(errors);
        var path = RouteBuilder.Matches(rule.Spec).Path;
        if (PathMatch.Intersect(entry.Path, path) is null)
            return $"spec.match.request.headers.uri: the rule takes {path}, the {entry.Origin.Kind} sends {entry.Path} here: no request has both";
        return said.FirstOrDefault(d => d.Reason == DiagnosticReasons.NeverReached) is { } hidden ? hidden.AdminMessage ?? hidden.Message
            : "another rule takes the same requests of this path first";
    }

    private static ServiceObject? ServiceOf(RouteOrigin origin, BackendIndex backends) =>
        origin.Service?.Split('/') is [var ns, var name] ? backends.Find(ns, name) : null;

    private static string Join(IEnumerable<Diagnostic> diagnostics) => string.Join("; ", diagnostics.Select(d => d.Message));
}
