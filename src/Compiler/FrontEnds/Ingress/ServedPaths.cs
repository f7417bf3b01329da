using Turnpike.Api;
using Turnpike.Api.Ingresses;
using Turnpike.Routing;

namespace Turnpike.Compiler.FrontEnds.Ingress;

/// <summary>One path of one host that an Ingress asks for.</summary>
/// <param name="Host">The host in lower case; empty for any host.</param>
internal readonly record struct ServedPath(string Host, PathMatch Path, RouteOrigin Origin, IngressBackend Backend)
{
    /// <summary>Whether it is the default backend.</summary>
    public bool IsDefault => Origin.Field == IngressPaths.DefaultBackend;

    /// <summary>The field of the Ingress that holds the path.</summary>
    public string Field => Origin.Field;

    /// <summary>The field of the Ingress that holds the backend.</summary>
    public string BackendField => IsDefault ? Field : $"{Field}.backend";
}

/// <summary>Lists the paths that an Ingress asks for, in the order in which they are claimed.</summary>
internal static class ServedPaths
{
    /// <summary>
    /// Returns the paths of the rules, then the default backend. The default backend is for requests to the Ingress's own hosts that match
    /// none of its paths, and for hosts that no other object has.
    /// </summary>
    public static IEnumerable<ServedPath> Of(IngressObject ingress)
    {
        for (var r = 0; r < ingress.Rules.Length; r++)
        {
            var rule = ingress.Rules[r];
            for (var p = 0; p < rule.Paths.Length; p++)
            {
                var path = rule.Paths[p];
                var origin = Origin(ingress, IngressPaths.FieldPath(r, p), $"rule {r + 1} path {p + 1}", path.Backend);
                yield return new ServedPath(rule.Host.ToLowerInvariant(), PathForms.Of(path), origin, path.Backend);
            }
        }
        if (ingress.DefaultBackend is not { } backend)
            yield break;
        var ofDefault = Origin(ingress, IngressPaths.DefaultBackend, "default backend", backend);
        foreach (var host in ingress.Rules.Select(r => r.Host.ToLowerInvariant()).Append("").Distinct())
            yield return new ServedPath(host, PathMatch.Any, ofDefault, backend);
    }

    /// <summary>Returns the origin of a redirect for a host that an entry of <c>spec.tls</c> lists.</summary>
    public static RouteOrigin OriginOfTls(IngressObject ingress, int entry) =>
        new(Kinds.Ingress, ingress.Metadata.ToString(), IngressPaths.Tls(entry), $"tls {entry + 1}");

    private static RouteOrigin Origin(IngressObject ingress, string field, string description, IngressBackend backend) =>
        new(Kinds.Ingress, ingress.Metadata.ToString(), field, description)
        {
            Service = $"{ingress.Metadata.Namespace}/{backend.ServiceName}",
        };
}
