using System.Text;
using System.Text.Json.Nodes;
using Turnpike.Injector.Patch;
using Turnpike.Injector.Text;
using Turnpike.Yaml;

namespace Turnpike.Cli.Conversion;

/// <param name="Text">The manifest with its Ingresses in v1; the input itself if there are errors.</param>
/// <param name="Errors">One line for each error, led by the file and the document.</param>
/// <param name="Notes">One line for each note, led by the file and the document.</param>
/// <param name="Count">The number of Ingresses that were converted.</param>
internal sealed record ConvertedManifest(string Text, IReadOnlyList<string> Errors, IReadOnlyList<string> Notes, int Count);

/// <summary>
/// Converts the Ingresses in the text of a manifest, which holds any number of YAML or JSON documents and Lists. Everything else stays byte
/// for byte.
/// </summary>
internal sealed class ManifestConverter(string name)
{
    private readonly List<string> _errors = [];
    private readonly List<string> _notes = [];
    private int _count;

    /// <summary>Converts the Ingresses of a manifest.</summary>
    /// <param name="name">The name of the file, for messages.</param>
    /// <param name="text">The text of the file.</param>
    public static ConvertedManifest Convert(string name, string text) => new ManifestConverter(name).Convert(text);

    private ConvertedManifest Convert(string text)
    {
        var result = new StringBuilder(text.Length + 256);
        foreach (var document in YamlText.Read(text))
            result.Append(Document(document));
        return new ConvertedManifest(_errors.Count == 0 ? result.ToString() : text, _errors, _notes, _count);
    }

    private string Document(YamlDocument document)
    {
        var place = $"{name}: document {document.Index}";
        if (document.Error is { } error)
            _errors.Add($"{place}: {error}");
        if (document.Root is not JsonObject root)
            return document.Text;
        var before = _count;
        var expected = Object(root, place);
        if (_errors.Count > 0 || (_count == before && JsonNode.DeepEquals(root, expected)))
            return document.Text;
        if (IngressRewrite.Apply(document.Text) is { } text
            && YamlText.Read(text) is [{ Error: null } read]
            && JsonNode.DeepEquals(read.Root, expected))
        {
            return text;
        }
        _notes.Add($"{place}: rewritten without comments: the document uses anchors or another construct that cannot be edited in place");
        return DocumentEditor.Apply(document, [new PatchOperation("", expected)]).Text;
    }

    private JsonObject Object(JsonObject root, string place)
    {
        if (root["items"] is JsonArray items
            && root["kind"] is JsonValue value
            && value.TryGetValue<string>(out var kind)
            && kind.EndsWith("List", StringComparison.Ordinal))
        {
            var list = root.DeepClone().AsObject();
            if (IngressConversion.IsOld(root))
                list["apiVersion"] = IngressConversion.NewVersion;
            list["items"] = new JsonArray([.. items.Select((item, i) =>
                item is JsonObject child ? Object(child, $"{place}, item {i + 1}") : item?.DeepClone())]);
            return list;
        }
        if (!IngressConversion.IsOld(root))
            return root.DeepClone().AsObject();
        _count++;
        var faults = new List<string>();
        var notes = new List<string>();
        var converted = new IngressConversion(faults, notes).Convert(root);
        place += $" (Ingress {(root["metadata"]?["name"] is JsonValue text ? text.ToString() : "?")})";
        _errors.AddRange(faults.Select(fault => $"{place}: {fault}"));
        _notes.AddRange(notes.Select(note => $"{place}: {note}"));
        return converted;
    }
}
