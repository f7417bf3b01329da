using System.Text;
using System.Text.Json.Nodes;
using Turnpike.Injector.Patch;
using Turnpike.Injector.Text;
using Turnpike.Yaml;

namespace Turnpike.Cli.Conversion;

/// <param name="Text">The manifest with its Ingresses in v1; the input itself where there are errors.</param>
/// <param name="Errors">One line each, led by the file and the document.</param>
/// <param name="Count">Ingresses that were converted.</param>
internal sealed record ConvertedManifest(string Text, IReadOnlyList<string> Errors, IReadOnlyList<string> Notes, int Count);

/// <summary>Converts the Ingresses in the text of a manifest: any number of YAML or JSON documents, Lists among them. Everything else stays, byte for byte.</summary>
internal sealed class ManifestConverter(string name)
{
    private readonly List<string> _errors = [];
    private readonly List<string> _notes = [];
    private int _count;

    /// <param name="name">The file's name, for messages.</param>
    /// <param name="text">All of it.</param>
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
        if (IngressRewrite.Apply(document.Text) is { } text && YamlText.Read(text) is [{ Error: null } read] && JsonNode.DeepEquals(read.Root, expected))
            return text;
        _notes.Add($"{place}: written anew, without comments: its text has anchors or another form that the changes do not fit into");
        return DocumentEditor.Apply(document, [new PatchOperation("", expected)]).Text;
    }

    private JsonObject Object(JsonObject root, string place)
    {
        if (root["items"] is JsonArray items && root["kind"] is JsonValue value && value.TryGetValue<string>(out var kind) && kind.EndsWith("List", StringComparison.Ordinal))
        {
            var list = root.DeepClone().AsObject();
            if (IngressConversion.IsOld(root))
                list["apiVersion"] = IngressConversion.NewVersion;
            list["items"] = new JsonArray([.. items.Select((item, i) => item is JsonObject child ? Object(child, $"{place}, item {i + 1}") : item?.DeepClone())]);
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
