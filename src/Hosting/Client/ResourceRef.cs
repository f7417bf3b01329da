namespace Turnpike.Hosting.Client;

/// <summary>The name of a kind in the API: group, version, plural and kind. <see cref="Group"/> is empty for the core group.</summary>
public sealed record ResourceRef(string Group, string Version, string Plural, string Kind)
{
    /// <summary>The <c>apiVersion</c> of objects of this kind.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>The path of the kind's group and version, relative to the API server.</summary>
    internal string GroupPath => Group.Length == 0 ? $"api/{Version}" : $"apis/{Group}/{Version}";

    /// <summary>Returns the path of the collection in one namespace, or in the whole cluster for null or an empty string.</summary>
    public string PathOf(string? ns) =>
        string.IsNullOrEmpty(ns) ? $"{GroupPath}/{Plural}" : $"{GroupPath}/namespaces/{Uri.EscapeDataString(ns)}/{Plural}";

    /// <summary>Returns the path of one object, or of one of its subresources such as <c>status</c>.</summary>
    public string PathOf(NamespacedName key, string? subresource = null)
    {
        var path = $"{PathOf(key.Namespace)}/{Uri.EscapeDataString(key.Name)}";
        return string.IsNullOrEmpty(subresource) ? path : $"{path}/{subresource}";
    }

    public override string ToString() => Group.Length == 0 ? Plural : $"{Plural}.{Group}";
}
