namespace Turnpike.Tests.Support.FakeApiServer;

/// <summary>A request path of the Kubernetes API, taken apart.</summary>
internal sealed record ResourcePath(string GroupVersion, string Plural, string Namespace, string? Name, string? Subresource)
{
    public static ResourcePath? Parse(string path)
    {
        var parts = path.Trim('/').Split('/').Select(Uri.UnescapeDataString).ToArray();
        var prefix = parts[0] switch { "api" => 2, "apis" => 3, _ => int.MaxValue };
        if (parts.Length <= prefix)
            return null;

        var groupVersion = string.Join('/', parts[1..prefix]);
        var rest = parts[prefix..];
        var ns = "";
        if (rest is ["namespaces", _, _, ..])
        {
            ns = rest[1];
            rest = rest[2..];
        }

        return new(groupVersion, rest[0], ns, rest.ElementAtOrDefault(1), rest.ElementAtOrDefault(2));
    }

    public string Collection => $"{GroupVersion}/{Plural}";
}
