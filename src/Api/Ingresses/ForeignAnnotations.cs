using System.Collections.Immutable;
using Turnpike.Reading;

namespace Turnpike.Api.Ingresses;

/// <summary>An annotation of an Ingress that asks for what Turnpike does not do.</summary>
/// <param name="Path">Where it stands: <c>metadata.annotations[nginx.ingress.kubernetes.io/auth-url]</c>.</param>
/// <param name="IsGuard">Whether it keeps somebody out: to serve the Ingress without it would open what was meant to be closed.</param>
/// <param name="Detail">What it asks for and what would be right. Lower case, no full stop.</param>
public sealed record ForeignAnnotation(string Path, bool IsGuard, string Detail)
{
    /// <inheritdoc/>
    public override string ToString() => Path.Length == 0 ? Detail : $"{Path}: {Detail}";
}

/// <summary>
/// The annotations of other controllers, and misspelt ones of ours. The one place that knows which of them guard access: admission, the compiler
/// and the tool all ask here.
/// </summary>
public static class ForeignAnnotations
{
    // Of each kind. An Ingress that comes from another controller has a dozen; somebody who has hundreds does not read them all.
    private const int MaxFindings = 20;
    private const int MaxName = 120;

    private const string AllowHttp = "kubernetes.io/ingress.allow-http";

    /// <summary>What is to be done about a guard.</summary>
    public const string Remedy = "; remove the annotation and guard the service itself or what is before the ingress, or set foreignGuards: warn in the mesh settings to serve it unguarded";

    /// <summary>What the annotations of an Ingress of our class ask for in vain: first what guards access, and no more of each than people read.</summary>
    public static ImmutableArray<ForeignAnnotation> Of(IEnumerable<KeyValuePair<string, string>> annotations)
    {
        var guards = new List<ForeignAnnotation>();
        var others = new List<ForeignAnnotation>();
        foreach (var (name, value) in annotations)
        {
            if (Check(name, value) is { } finding)
                (finding.IsGuard ? guards : others).Add(finding);
        }
        return [.. Bounded(guards), .. Bounded(others)];
    }

    /// <summary>The faults of an Ingress where guards are refused.</summary>
    public static IReadOnlyList<FieldError> Refusals(IEnumerable<ForeignAnnotation> findings) =>
        [.. findings.Where(f => f.IsGuard).Select(f => FieldError.Forbidden(f.Path, f.Detail + Remedy))];

    private static ForeignAnnotation? Check(string name, string value)
    {
        if (name == AllowHttp)
            return Plain(name, $"has no effect: it is read by other controllers; write {Names.HttpAnnotation}: " + (Guards.IsOff(value) ? "none" : "allow"));
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0)
            return null;
        var (domain, key) = (name[..slash], name[(slash + 1)..]);
        if (domain == Names.Domain)
            return Misplaced(name);
        if (ForeignControllers.NameOf(domain) is not { } controller)
            return null;
        switch (Guards.Of(key, value))
        {
            case { Asks: true } guard:
                return new ForeignAnnotation(PathOf(name), true, $"asks {controller} for {guard.What}; Turnpike does not enforce that");
            case { IsOpen: true }:
                return null;
            default:
                var hint = ForeignControllers.HintFor(key, value);
                return Plain(name, $"has no effect: it is read by {controller} alone{(hint is null ? "" : $"; {hint}")}");
        }
    }

    private static ForeignAnnotation? Misplaced(string name)
    {
        if (Names.IngressAnnotations.Contains(name))
            return null;
        if (name == Names.LoadBalancingAnnotation)
            return Plain(name, "has no effect on an Ingress; it belongs on the Service");
        if (name == Names.AllowRulesFromAnnotation)
            return Plain(name, "has no effect on an Ingress; it belongs on the Namespace");
        return Plain(name, "has no effect: there is no such annotation" + Spelling.DidYouMean(Spelling.Nearest(name, Names.IngressAnnotations)));
    }

    private static ForeignAnnotation Plain(string name, string detail) => new(PathOf(name), false, detail);

    private static string PathOf(string name) => FieldPath.Key("metadata.annotations", name.Length <= MaxName ? name : name[..MaxName] + "...");

    private static IEnumerable<ForeignAnnotation> Bounded(List<ForeignAnnotation> findings)
    {
        foreach (var finding in findings.Take(MaxFindings))
            yield return finding;
        if (findings.Count > MaxFindings)
            yield return findings[0] with { Path = "metadata.annotations", Detail = $"{findings.Count - MaxFindings} more annotations {(findings[0].IsGuard ? "guard access as other controllers have it" : "are for other controllers and have no effect")}" };
    }
}
