using Turnpike.Api;
using Turnpike.Api.Ingresses;

namespace Turnpike.Cli.Manifests;

/// <summary>Describes the objects that were found instead of those that were expected.</summary>
internal static class FoundObjects
{
    private const int MaxKinds = 8;

    /// <summary>
    /// Returns a text such as <c>2 VirtualService, 1 Ingress of class "nginx"</c>, or the reason why there are no objects.
    /// </summary>
    public static string Describe(IEnumerable<Manifest> objects, string directory)
    {
        var kinds = objects.GroupBy(NameOf)
            .Select(k => (k.Key, Count: k.Count()))
            .OrderByDescending(k => k.Count)
            .ThenBy(k => k.Key, StringComparer.Ordinal)
            .ToList();
        if (kinds.Count > 0)
        {
            var rest = kinds.Count > MaxKinds ? $" and {kinds.Count - MaxKinds} more kinds" : "";
            return string.Join(", ", kinds.Take(MaxKinds).Select(k => $"{k.Count} {k.Key}")) + rest;
        }
        var below = Directory.EnumerateDirectories(directory).Any(d => !Path.GetFileName(d).StartsWith('.') && ManifestFiles.Below(d).Any());
        return below ? "manifests only in subdirectories, which are not read" : "no manifest";
    }

    private static string NameOf(Manifest manifest)
    {
        var kind = manifest.Key!.Value.Kind;
        if (kind != Kinds.Ingress)
            return kind;
        var ingress = IngressReader.ReadClass(manifest.Root!);
        return ClassOf(ingress) is { } name ? $"{kind} of class \"{name}\"" : $"{kind} without a class";
    }

    /// <summary>Returns the class that an Ingress names in its annotation or field, or null.</summary>
    public static string? ClassOf(IngressObject ingress) =>
        ingress.Metadata.Annotations.GetValueOrDefault(Api.Names.IngressClassAnnotation) ?? ingress.ClassName;
}
