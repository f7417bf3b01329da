using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Reading;

namespace Turnpike.Api.RouteRules;

/// <summary>Writes a RouteRule in camelCase without absent fields. It is the reverse of <see cref="RouteRuleReader"/>.</summary>
public static class RouteRuleWriter
{
    /// <summary>Returns the whole object: apiVersion, kind, metadata and spec.</summary>
    public static JsonObject Write(RouteRule rule) => new()
    {
        ["apiVersion"] = Names.GroupVersion,
        ["kind"] = RouteRuleReader.Kind,
        ["metadata"] = WriteMetadata(rule.Metadata),
        ["spec"] = WriteSpec(rule.Spec),
    };

    public static JsonObject WriteSpec(RouteRuleSpec spec) => Message(MessageSchema.RouteRuleSpec, spec);

    private static JsonObject Message(MessageSchema schema, object message)
    {
        var json = new JsonObject();
        foreach (var field in schema.Fields)
        {
            if (field.Get(message) is { } value)
                json[field.Name] = Field(field, value);
        }
        return json;
    }

    private static JsonNode? Field(FieldSchema field, object value) => field.Shape switch
    {
        FieldShape.List => new JsonArray([.. FieldSchema.Values(value).Select(item => Value(field, item.Value))]),
        FieldShape.Map => new JsonObject(FieldSchema.Values(value).Select(item => KeyValuePair.Create(item.Key, Value(field, item.Value)))),
        _ => Value(field, value),
    };

    private static JsonNode? Value(FieldSchema field, object value) => value switch
    {
        string text => JsonValue.Create(text),
        bool flag => JsonValue.Create(flag),
        int number => JsonValue.Create(number),
        long number => JsonValue.Create(number),
        double number => JsonValue.Create(number),
        GoDuration duration => JsonValue.Create(duration.ToString()),
        AnyValue any => JsonNode.Parse(any.Json, documentOptions: new JsonDocumentOptions { MaxDepth = JsonText.MaxDepth }),
        _ => Message(field.Message!, value),
    };

    private static JsonObject WriteMetadata(ObjectMeta metadata)
    {
        var json = new JsonObject { ["name"] = metadata.Name };
        if (metadata.Namespace.Length > 0)
            json["namespace"] = metadata.Namespace;
        if (metadata.ResourceVersion.Length > 0)
            json["resourceVersion"] = metadata.ResourceVersion;
        if (metadata.Labels.Count > 0)
            json["labels"] = WriteMap(metadata.Labels);
        if (metadata.Annotations.Count > 0)
            json["annotations"] = WriteMap(metadata.Annotations);
        return json;
    }

    private static JsonObject WriteMap(IEnumerable<KeyValuePair<string, string>> map) =>
        new(map.Select(pair => KeyValuePair.Create<string, JsonNode?>(pair.Key, JsonValue.Create(pair.Value))));
}
