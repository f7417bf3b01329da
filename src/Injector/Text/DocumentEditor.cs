using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Injector.Patch;
using Turnpike.Yaml;

namespace Turnpike.Injector.Text;

/// <param name="Text">The document with the additions.</param>
/// <param name="IsRewritten">
/// Whether the document was written again without its comments, because the additions could not be made in place, under an alias for
/// example.
/// </param>
public sealed record EditedDocument(string Text, bool IsRewritten);

/// <summary>Applies a patch to the source text of a document, so that everything the user wrote stays as it was written.</summary>
public static class DocumentEditor
{
    /// <summary>Returns the document with all operations applied. Its content is exactly that of <see cref="JsonPatch.Apply"/>.</summary>
    /// <param name="document">A document from <see cref="YamlText.Read"/> without an error.</param>
    /// <param name="operations">The operations in their order.</param>
    /// <exception cref="FormatException">A pointer does not lead to a value.</exception>
    public static EditedDocument Apply(YamlDocument document, IReadOnlyList<PatchOperation> operations)
    {
        ArgumentNullException.ThrowIfNull(document);
        ArgumentNullException.ThrowIfNull(operations);
        var expected = JsonPatch.Apply(document.Root, operations);
        var text = ApplyAll(document.Text, Rounds(operations));
        return text is not null && IsRight(text, expected)
            ? new EditedDocument(text, false)
            : new EditedDocument(Rewrite(document.Text, expected), true);
    }

    private static string? ApplyAll(string text, IEnumerable<IEnumerable<PatchOperation>> rounds) =>
        rounds.Aggregate((string?)text, (current, round) => current is null ? null : Addition.Apply(current, round));

    private static IEnumerable<IEnumerable<PatchOperation>> Rounds(IEnumerable<PatchOperation> operations)
    {
        var rounds = new EditRounds();
        return operations.GroupBy(rounds.Of).OrderBy(round => round.Key);
    }

    /// <summary>Verifies an edit by reading the text again, because edits of text have many special cases.</summary>
    private static bool IsRight(string text, JsonNode? expected) =>
        YamlText.Read(text) is [{ Error: null } edited] && JsonNode.DeepEquals(edited.Root, expected);

    /// <summary>Writes the document again. The separator and the comments before the content are kept, and JSON stays JSON.</summary>
    private static string Rewrite(string text, JsonNode? content)
    {
        var lineBreak = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        if (IsJson(text))
            return new FlowWriter(lineBreak).Lines(content, "") + lineBreak;
        var head = YamlTree.TryParse(text, out var root) ? text[..SourceText.LineStart(text, root.Start)] : "";
        var tail = text.TrimEnd().EndsWith("\n...", StringComparison.Ordinal) ? "..." + lineBreak : "";
        if (head.Length == 0 && text.StartsWith("---", StringComparison.Ordinal))
            head = "---" + lineBreak;
        return head + YamlText.Write(content).Replace("\n", lineBreak, StringComparison.Ordinal) + tail;
    }

    private static bool IsJson(string text)
    {
        try
        {
            JsonNode.Parse(text.TrimStart('\uFEFF'), null, new JsonDocumentOptions { MaxDepth = YamlText.MaxDepth });
            return true;
        }
        catch (Exception fault) when (fault is JsonException or ArgumentException)
        {
            return false;
        }
    }
}
