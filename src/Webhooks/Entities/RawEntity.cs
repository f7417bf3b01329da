using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;
using KubeOps.Abstractions.Entities;
using Turnpike.Hosting.Client;

namespace Turnpike.Webhooks.Entities;

/// <summary>
/// An entity of the operator SDK that keeps the object as JSON, as the API server sent it. Only the strict readers of the Api room decode
/// it, which the command line and file mode use as well.
/// </summary>
public abstract class RawEntity : CustomKubernetesEntity
{
    /// <summary>The whole object.</summary>
    public JsonElement Raw { get; internal set; }

    public JsonElement? Spec => Raw.Child("spec");

    public JsonElement? Status => Raw.Child("status");

    /// <summary>Returns a copy of the object for a reader, which may change it.</summary>
    internal JsonObject ToJson() => JsonObject.Create(Raw)!;

    /// <summary>Returns the value of an annotation, or null.</summary>
    internal string? Annotation(string name) => Raw.Child("metadata")?.Child("annotations")?.Text(name);
}

/// <summary>Reads and writes an entity. Each entity must name this converter, because the attribute is not inherited.</summary>
internal sealed class RawEntityConverter<TEntity> : JsonConverter<TEntity>
    where TEntity : RawEntity, new()
{
    public override TEntity Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var raw = JsonElement.ParseValue(ref reader);
        if (raw.ValueKind != JsonValueKind.Object)
            throw new JsonException("must be an object");
        return new TEntity
        {
            Raw = raw,
            ApiVersion = raw.Text("apiVersion"),
            Kind = raw.Text("kind"),
            Metadata = raw.Child("metadata") is { } metadata ? KubernetesJson.Deserialize<V1ObjectMeta>(metadata) : new(),
        };
    }

    public override void Write(Utf8JsonWriter writer, TEntity value, JsonSerializerOptions options) => value.Raw.WriteTo(writer);
}
