namespace Turnpike.Compiler;

/// <summary>Where in an Ingress a path stands, both counted from 0.</summary>
public static class IngressPaths
{
    public static string FieldPath(int rule, int path) => $"spec.rules[{rule}].http.paths[{path}]";
}
