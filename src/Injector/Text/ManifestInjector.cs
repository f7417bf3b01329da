using System.Text;
using System.Text.Json.Nodes;
using Turnpike.Injector.Config;
using Turnpike.Injector.Patch;
using Turnpike.Reading;
using Turnpike.Yaml;
using static System.FormattableString;

namespace Turnpike.Injector.Text;

/// <param name="Text">The manifest with the sidecars; the input itself if there are errors.</param>
/// <param name="Errors">One line for each error, led by the file and the document.</param>
/// <param name="Notes">One line for each document that was not injected, with the reason, or that had to be rewritten.</param>
public sealed record InjectedManifest(string Text, IReadOnlyList<string> Errors, IReadOnlyList<string> Notes);

/// <summary>
/// Injects sidecars into the text of a manifest, which holds any number of YAML or JSON documents and Lists. Objects that create no pods
/// stay byte
/// for byte as they are, and so does everything that the user wrote in the others.
/// </summary>
/// <param name="config">The settings of the injection.</param>
/// <param name="options">The facts that the settings do not hold.</param>
/// <param name="ns">The namespace of objects that name none; null for <c>default</c>.</param>
public sealed class ManifestInjector(InjectConfig config, InjectOptions options, string? ns)
{
    private readonly List<string> _errors = [];
    private readonly List<string> _notes = [];

    /// <summary>Injects sidecars into the text of a manifest.</summary>
    /// <param name="name">The name of the file, for messages.</param>
    /// <param name="text">The text of the file.</param>
    /// <param name="config">The settings of the injection.</param>
    /// <param name="options">The facts that the settings do not hold.</param>
    /// <param name="ns">The namespace of objects that name none; null for <c>default</c>.</param>
    public static InjectedManifest Inject(string name, string text, InjectConfig config, InjectOptions options, string? ns) =>
        new ManifestInjector(config, options, ns).Inject(name, text);

    private InjectedManifest Inject(string name, string text)
    {
        var result = new StringBuilder(text.Length * 2);
        var documents = YamlText.Read(text).ToList();
        foreach (var document in documents)
            result.Append(Document(document, Invariant($"{name}: document {document.Index}")));
        if (documents.All(document => document.Root is null && document.Error is null))
            _notes.Add($"{name}: nothing to inject: it contains no object");
        return new InjectedManifest(_errors.Count == 0 ? result.ToString() : text, _errors, _notes);
    }

    private string Document(YamlDocument document, string place)
    {
        if (document.Error is { } error)
            _errors.Add($"{place}: {error}");
        if (document.Root is not JsonObject root)
        {
            if (document.Root is not null)
                _notes.Add($"{place}: nothing to inject: {Json.Show(document.Root)} is not an object");
            return document.Text;
        }
        var operations = new List<PatchOperation>();
        Object(root, "", place, operations);
        if (operations.Count == 0)
            return document.Text;
        var edited = DocumentEditor.Apply(document, operations);
        if (edited.IsRewritten)
        {
            const string reason = "the document uses anchors or another construct that cannot be edited in place";
            _notes.Add($"{place}: rewritten without comments: {reason}");
        }
        return edited.Text;
    }

    private void Object(JsonObject root, string path, string place, List<PatchOperation> operations)
    {
        var kind = Json.Text(Json.Member(root, "kind")) ?? "?";
        if (kind.EndsWith("List", StringComparison.Ordinal) && Json.Member(root, "items") is JsonArray items)
        {
            for (var i = 0; i < items.Count; i++)
            {
                if (items[i] is JsonObject item)
                    Object(item, Invariant($"{path}/items/{i}"), Invariant($"{place}, item {i + 1}"), operations);
            }
            return;
        }
        var result = Injection.Inject(root, Namespace(root), config, options);
        place += $" ({Name(kind, root)})";
        _errors.AddRange(result.Errors.Select(fault => $"{place}: {fault}"));
        if (result.Outcome is InjectionOutcome.NotInjected or InjectionOutcome.DoesNotFit)
            _notes.Add($"{place}: not injected: {result.Reason}");
        if (result.Outcome is InjectionOutcome.NotAWorkload)
            _notes.Add($"{place}: nothing to inject: {result.Reason}");
        _notes.AddRange(result.Notes.Select(note => $"{place}: {note}"));
        operations.AddRange(result.Patch.Select(operation => operation with { Path = path + operation.Path }));
    }

    private string Namespace(JsonObject root) =>
        Json.Text(Json.At(root, ["metadata", "namespace"])) is { Length: > 0 } own ? own : ns ?? "default";

    private string Name(string kind, JsonObject root)
    {
        var name = Json.Text(Json.At(root, ["metadata", "name"]))
            ?? (Json.Text(Json.At(root, ["metadata", "generateName"])) is { } prefix ? prefix + "*" : "?");
        return new ObjectKey(Json.Plain(kind), Json.Plain(Namespace(root)), Json.Plain(name)).ToString();
    }
}
