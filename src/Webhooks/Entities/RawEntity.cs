using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using KubeOps.Abstractions.Entities;
using Turnpike.Hosting.Client;
using k8s;
using k8s.Models;

namespace Turnpike.Webhooks.Entities;

/// <summary>
/// An object as the operator SDK hands it out, of which nothing is lost: it stays JSON as the API server sent it. The strict readers of the Api
/// room, which the command line and file mode use too, are the only ones to take it apart.
/// </summary>
public abstract class RawEntity : CustomKubernetesEntity
{
    /// <summary>The whole object.</summary>
    public JsonElement Raw { get; internal set; }

    public JsonElement? Spec => Raw.Child("spec");

    public JsonElement? Status => Raw.Child("status");

    /// <summary>The object for a reader, which may change it.</summary>
    internal JsonObject ToJson() => JsonObject.Create(Raw)!;

    /// <summary>Null where the annotation is not there.</summary>
    internal string? Annotation(string name) => Raw.Child("metadata")?.Child("annotations")?.Text(name);
}

/// <summary>Each entity names it for itself: the attribute is not inherited.</summary>
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
