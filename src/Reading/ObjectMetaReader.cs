using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Turnpike.Reading;

/// <summary>Reads <c>metadata</c> leniently, because the API server validates it. A value of a wrong type counts as absent.</summary>
public static class ObjectMetaReader
{
    /// <summary>Reads the metadata and requires what every object needs: a valid name, or a prefix for one.</summary>
    internal static ObjectMeta ReadNamed(ObjectReader top)
    {
        var node = top.Raw("metadata");
        var metadata = Read(node);
        if (node is not null and not JsonObject)
            top.AddError(FieldError.Invalid("metadata", JsonText.Quote(node), $"must be an object, not {JsonText.KindOf(node)}"));
        else if (metadata.Name.Length == 0 && (node is not JsonObject json || Text(json, "generateName").Length == 0))
            top.AddError(FieldError.Required("metadata.name", "name or generateName is required"));
        if (metadata.Name.Length > 0 && Syntax.DnsSubdomain(metadata.Name) is { } name)
            top.AddError(FieldError.Invalid("metadata.name", JsonText.Quote(metadata.Name), name));
        if (metadata.Namespace.Length > 0 && Syntax.Label(metadata.Namespace) is { } label)
            top.AddError(FieldError.Invalid("metadata.namespace", JsonText.Quote(metadata.Namespace), label));
        return metadata;
    }

    public static ObjectMeta Read(JsonNode? node) => node is not JsonObject json ? new ObjectMeta() : new ObjectMeta
    {
        Namespace = Text(json, "namespace"),
        Name = Text(json, "name"),
        Uid = Text(json, "uid"),
        ResourceVersion = Text(json, "resourceVersion"),
        Generation = Scalars.TryInt64(Field(json, "generation"), out var generation, out _) ? generation : 0,
        CreationTimestamp = DateTimeOffset.TryParse(
            Text(json, "creationTimestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null,
        Labels = Map(json, "labels"),
        Annotations = Map(json, "annotations"),
    };

    private static JsonNode? Field(JsonObject json, string name) =>
        JsonText.TryFields(json, out _, out _) && json.TryGetPropertyValue(name, out var node) ? node : null;

    private static string Text(JsonObject json, string name) => JsonText.TryString(Field(json, name), out var text) ? text : "";

    private static ImmutableSortedDictionary<string, string> Map(JsonObject json, string name)
    {
        if (Field(json, name) is not JsonObject map || !JsonText.TryFields(map, out var entries, out _))
            return ObjectMeta.EmptyMap;
        return ObjectMeta.EmptyMap.AddRange(entries.SelectMany(entry =>
            JsonText.TryString(entry.Value, out var text) ? new[] { KeyValuePair.Create(entry.Key, text) } : []));
    }
}
