using System.Collections.Immutable;
using Turnpike.Reading;

namespace Turnpike.Api.Ingresses;

/// <summary>An annotation of an Ingress for something that Turnpike does not do.</summary>
/// <param name="Path">The field path, such as <c>metadata.annotations[nginx.ingress.kubernetes.io/auth-url]</c>.</param>
/// <param name="IsGuard">Whether it restricts access, so that serving the Ingress without it would expose what was meant to be
/// protected.</param>
/// <param name="Detail">What it asks for and what would be right, in lower case without a full stop.</param>
public sealed record ForeignAnnotation(string Path, bool IsGuard, string Detail)
{
    /// <inheritdoc/>
    public override string ToString() => Path.Length == 0 ? Detail : $"{Path}: {Detail}";
}

/// <summary>
/// Finds annotations of other controllers, and misspelt ones of ours. Admission, the compiler and the tool ask this class which of them
/// guard
/// access.
/// </summary>
public static class ForeignAnnotations
{
    // The bound applies to guards and to the others separately. An Ingress from another controller has a dozen; nobody reads hundreds.
    private const int MaxFindings = 20;
    private const int MaxName = 120;

    private const string AllowHttp = "kubernetes.io/ingress.allow-http";

    /// <summary>The end of a message that says what to do about a guard.</summary>
    public const string Remedy = "; remove the annotation and protect the service itself or in front of the ingress, "
        + "or set foreignGuards: warn in the mesh settings to serve it unprotected";

    /// <summary>
    /// Returns the annotations of an Ingress of our class that have no effect, those that guard access first, up to a bound for each.
    /// </summary>
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

    /// <summary>Returns the errors of an Ingress when guards are refused.</summary>
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

    private static string PathOf(string name) =>
        FieldPath.Key("metadata.annotations", name.Length <= MaxName ? name : name[..MaxName] + "...");

    private static IEnumerable<ForeignAnnotation> Bounded(List<ForeignAnnotation> findings)
    {
        foreach (var finding in findings.Take(MaxFindings))
            yield return finding;
        if (findings.Count > MaxFindings)
        {
            var effect = findings[0].IsGuard ? "guard access by other controllers' rules" : "are for other controllers and have no effect";
            yield return findings[0] with { Path = "metadata.annotations", Detail = $"{findings.Count - MaxFindings} more annotations {effect}" };
        }
    }
}
