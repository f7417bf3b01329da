using System.Text.Json.Nodes;
using Turnpike.Yaml;

namespace Turnpike.Operator.Manifests;

/// <summary>Objects that are written as YAML in the code.</summary>
internal static class KubeYaml
{
    public static JsonObject Object(string yaml)
    {
        var document = YamlText.Read(yaml).Single(d => d.Root is not null || d.Error is not null);
        return document.Root as JsonObject ?? throw new InvalidOperationException($"not an object: {document.Error}\n{yaml}");
    }

    /// <summary>Quotes a value inside YAML, so that it can only be a string.</summary>
    public static string Quote(string text) => JsonValue.Create(text).ToJsonString();
}
