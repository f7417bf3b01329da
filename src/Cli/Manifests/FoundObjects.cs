using Turnpike.Api;
using Turnpike.Api.Ingresses;

namespace Turnpike.Cli.Manifests;

/// <summary>What there is where something else was looked for.</summary>
internal static class FoundObjects
{
    private const int MaxKinds = 8;

    /// <summary><c>2 of kind VirtualService, 1 Ingress of class "nginx"</c>, or why there is nothing.</summary>
    public static string Describe(IEnumerable<Manifest> objects, string directory)
    {
        var kinds = objects.GroupBy(NameOf).Select(k => (k.Key, Count: k.Count())).OrderByDescending(k => k.Count).ThenBy(k => k.Key, StringComparer.Ordinal).ToList();
        if (kinds.Count > 0)
            return string.Join(", ", kinds.Take(MaxKinds).Select(k => $"{k.Count} {k.Key}")) + (kinds.Count > MaxKinds ? $" and {kinds.Count - MaxKinds} more kinds" : "");
        var below = Directory.EnumerateDirectories(directory).Any(d => !Path.GetFileName(d).StartsWith('.') && ManifestFiles.Below(d).Any());
        return below ? "manifests in its folders alone, which are not read" : "no manifest";
    }

    private static string NameOf(Manifest manifest)
    {
        var kind = manifest.Key!.Value.Kind;
        if (kind != Kinds.Ingress)
            return kind;
        var ingress = IngressReader.ReadClass(manifest.Root!);
        return ClassOf(ingress) is { } name ? $"{kind} of class \"{name}\"" : $"{kind} without a class";
    }

    /// <summary>The class that an Ingress names, in either place; null where it names none.</summary>
    public static string? ClassOf(IngressObject ingress) =>
        ingress.Metadata.Annotations.GetValueOrDefault(Api.Names.IngressClassAnnotation) ?? ingress.ClassName;
}
