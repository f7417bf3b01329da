namespace Turnpike.Hosting.Client;

/// <summary>Names a kind as the API server does: <see cref="Group"/> is empty for the core group.</summary>
public sealed record ResourceRef(string Group, string Version, string Plural, string Kind)
{
    /// <summary>What an object of this kind says in its <c>apiVersion</c>.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>Where the kind's group and version answer, relative to the API server.</summary>
    internal string GroupPath => Group.Length == 0 ? $"api/{Version}" : $"apis/{Group}/{Version}";

    /// <summary>The collection's path: of one namespace, or, with null or an empty string, of the whole cluster.</summary>
    public string PathOf(string? ns) =>
        string.IsNullOrEmpty(ns) ? $"{GroupPath}/{Plural}" : $"{GroupPath}/namespaces/{Uri.EscapeDataString(ns)}/{Plural}";

    /// <summary>The path of one object, or of one of its subresources such as <c>status</c>.</summary>
    public string PathOf(NamespacedName key, string? subresource = null)
    {
        var path = $"{PathOf(key.Namespace)}/{Uri.EscapeDataString(key.Name)}";
        return string.IsNullOrEmpty(subresource) ? path : $"{path}/{subresource}";
    }

    public override string ToString() => Group.Length == 0 ? Plural : $"{Plural}.{Group}";
}
