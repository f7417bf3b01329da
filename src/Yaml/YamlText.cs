using System.Text.Json;
using System.Text.Json.Nodes;

namespace Turnpike.Yaml;

/// <summary>One document of a YAML stream, as JSON.</summary>
/// <param name="Index">The document's number in the stream, counted from 1.</param>
/// <param name="Line">The line on which the document's content starts, counted from 1 in the whole text.</param>
/// <param name="Root">The document, or null if it is empty, holds <c>null</c> or does not parse.</param>
/// <param name="Error">The reason why the document does not parse, on one line with line and column; null if it parses.</param>
public sealed record YamlDocument(int Index, int Line, JsonNode? Root, string? Error)
{
    /// <summary>
    /// The source text, with separator, directives and comments. The concatenated texts of all documents are the text that was read.
    /// </summary>
    public string Text { get; init; } = "";
}

/// <summary>
/// Converts YAML and JSON text to JSON trees and back. Reading follows kubectl: the scalars of YAML 1.2, and of YAML 1.1 the booleans yes,
/// no,
/// on and off, octal numbers with a leading zero, and underscores. JSON is YAML, and several JSON objects may follow each other. The text
/// may
/// be hostile: size, depth and the expansion of aliases are bounded, so that the worst outcome is an error.
/// </summary>
public static class YamlText
{
    /// <summary>The length of the longest document that is read, in characters.</summary>
    public const int MaxDocumentLength = 64 * 1024 * 1024;

    /// <summary>The depth to which collections may nest.</summary>
    public const int MaxDepth = 128;

    /// <summary>The number of values that a document may have once its aliases are expanded.</summary>
    public const int MaxNodes = 2_000_000;

    /// <summary>
    /// Reads all documents. A document that does not parse has a <see cref="YamlDocument.Error"/>; the others are read all the same.
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
    /// Writes block-style YAML with two spaces for each level, sequences at the indentation of their key, and quotes only where they are
    /// needed.
    /// <see cref="Read"/> returns the same tree for it. The text ends with a line break.
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
    /// Parses JSON directly, because JSON allows what YAML does not: tabs and keys of any length. Any other text is left to the YAML
    /// reader, whose
    /// messages name line and column.
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

    /// <summary>
    /// Returns false where a string holds half of a surrogate pair. JSON can escape one, but the string could never be read or written.
    /// </summary>
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
