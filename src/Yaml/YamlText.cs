using System.Text.Json;
using System.Text.Json.Nodes;

namespace Turnpike.Yaml;

/// <summary>One document of a YAML stream, as JSON.</summary>
/// <param name="Index">Counted from 1.</param>
/// <param name="Line">Where the document's content starts, counted from 1 in the whole text.</param>
/// <param name="Root">The document; null where it is empty, holds <c>null</c> or does not parse.</param>
/// <param name="Error">Why the document does not parse, in one line that names line and column; null where it does.</param>
public sealed record YamlDocument(int Index, int Line, JsonNode? Root, string? Error)
{
    /// <summary>
    /// The source text: separator, directives and comments included. The texts of all documents, joined, are the text that was read.
    /// </summary>
    public string Text { get; init; } = "";
}

/// <summary>
/// YAML and JSON text to JSON trees and back. Reading follows kubectl: the scalars of YAML 1.2 plus the yes/no/on/off, leading-zero octal
/// and
/// underscores of 1.1; JSON is YAML, and several JSON objects may follow each other. Text from strangers is welcome: size, depth and the
/// expansion of aliases are bounded, so that it yields an error and nothing worse.
/// </summary>
public static class YamlText
{
    /// <summary>The longest document read, in characters.</summary>
    public const int MaxDocumentLength = 64 * 1024 * 1024;

    /// <summary>How deep collections may nest.</summary>
    public const int MaxDepth = 128;

    /// <summary>How many values a document may have once its aliases are expanded.</summary>
    public const int MaxNodes = 2_000_000;

    /// <summary>
    /// Reads all documents. One that does not parse has an <see cref="YamlDocument.Error"/> and does not hide the others.
    /// </summary>
    public static IReadOnlyList<YamlDocument> Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var sources = YamlStream.Split(text);
        var documents = new YamlDocument[sources.Count];
        for (var i = 0; i < documents.Length; i++)
            documents[i] = ReadDocument(sources[i], i + 1);
        return documents;
    }

    /// <summary>
    /// Block-style YAML, two spaces a level, sequences at the indentation of their key, text quoted only where it must be.
    /// <see cref="Read"/> gives the same tree back. Ends with a line break.
    /// </summary>
    /// <exception cref="ArgumentException">The tree is deeper than <see cref="MaxDepth"/>.</exception>
    public static string Write(JsonNode? node) => new YamlWriter("\n").Document(node);

    private static YamlDocument ReadDocument(YamlSource source, int index)
    {
        var text = source.Text;
        if (text.Length > MaxDocumentLength)
            return Failed($"line {source.FirstLine}, column 1: the document has more than {MaxDocumentLength} characters");
        if (TryReadJson(text, out var json))
            return new YamlDocument(index, source.ContentLine, json, null) { Text = text };
        try
        {
            var root = YamlTree.Parse(text);
            return new YamlDocument(index, source.ContentLine, root is null ? null : YamlToJson.Convert(root), null) { Text = text };
        }
        catch (YamlFaultException fault)
        {
            return Failed(fault.Describe(source.FirstLine));
        }

        YamlDocument Failed(string error) => new(index, source.ContentLine, null, error) { Text = text };
    }

    /// <summary>
    /// JSON takes the direct way: it allows what YAML does not (tabs, keys of any length). Whatever is not JSON is left to the YAML reader,
    /// whose messages name line and column.
    /// </summary>
    private static bool TryReadJson(string text, out JsonNode? root)
    {
        root = null;
        if (!text.AsSpan().TrimStart(" \t\r\n\uFEFF").StartsWith("{"))
            return false;
        try
        {
            var options = new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false };
            root = JsonNode.Parse(text.TrimStart('\uFEFF'), null, options);
            return IsWellFormed(root);
        }
        catch (Exception fault) when (fault is JsonException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>A JSON text may escape half a surrogate pair; such text could be held but never read or written.</summary>
    private static bool IsWellFormed(JsonNode? node)
    {
        try
        {
            return node switch
            {
                JsonObject members => members.All(member => IsWellFormed(member.Value)),
                JsonArray items => items.All(IsWellFormed),
                JsonValue value when value.GetValueKind() is JsonValueKind.String => value.GetValue<string>() is not null,
                _ => true,
            };
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
