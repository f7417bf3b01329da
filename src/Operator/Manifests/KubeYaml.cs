using System.Text.Json.Nodes;
using Turnpike.Yaml;

namespace Turnpike.Operator.Manifests;

/// <summary>Objects written as YAML in the code, as people know them.</summary>
internal static class KubeYaml
{
    public static JsonObject Object(string yaml)
    {
        var document = YamlText.Read(yaml).Single(d => d.Root is not null || d.Error is not null);
        return document.Root as JsonObject ?? throw new InvalidOperationException($"not an object: {document.Error}\n{yaml}");
    }

    /// <summary>A value inside YAML, quoted so that it can be nothing but a text.</summary>
    public static string Quote(string text) => JsonValue.Create(text).ToJsonString();
}
