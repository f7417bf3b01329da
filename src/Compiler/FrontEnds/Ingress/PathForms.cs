using Turnpike.Api.Ingresses;
using Turnpike.Routing;

namespace Turnpike.Compiler.FrontEnds.Ingress;

/// <summary>Turns the path of an Ingress into a path match.</summary>
internal static class PathForms
{
    public static PathMatch Of(IngressPath path) => path.PathType switch
    {
        IngressPathType.Exact => PathMatch.Exact(path.Path),
        IngressPathType.Prefix => PathMatch.Element(path.Path),
        // This is the rule of 2017: X.* is a string prefix, an empty path matches everything, and anything else is literal (istio-2017.md
        // §5.1).
        _ when path.Path.Length == 0 || path.Path is ".*" => PathMatch.Prefix("/"),
        _ when path.Path.EndsWith(".*", StringComparison.Ordinal) => PathMatch.Prefix(path.Path[..^2]),
        _ => PathMatch.Exact(path.Path),
    };
}
