using System.Globalization;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Turnpike.Injector.Patch;
using Turnpike.Injector.Text;
using Turnpike.Tests.Support.Api;
using Turnpike.Yaml;

namespace Turnpike.Tests.Injector.Text;

/// <summary>
/// Any document in any layout, any additions: the content is that of the patch, and the text that was there is still there.
/// </summary>
public sealed class DocumentEditorProperties
{
    private static readonly Gen<string> Layouts = Gen.Elements("block", "deep", "indented", "crlf", "commented", "json", "spread", "tabs");

    [Property(MaxTest = 500)]
    public Property Apply_AddsAndKeeps() => Prop.ForAll(Cases.ToArbitrary(), testCase =>
    {
        var document = Assert.Single(YamlText.Read(testCase.Text));
        Assert.Null(document.Error);

        var edited = DocumentEditor.Apply(document, testCase.Operations);

        var result = Assert.Single(YamlText.Read(edited.Text));
        Assert.True(JsonNode.DeepEquals(JsonPatch.Apply(document.Root, testCase.Operations), result.Root), edited.Text);
        Assert.False(edited.IsRewritten, $"{testCase.Text}\n=>\n{edited.Text}");
        Assert.True(IsKept(testCase.Text, edited.Text), $"{testCase.Text}\n=>\n{edited.Text}");
    });

    private sealed record Case(string Text, IReadOnlyList<PatchOperation> Operations)
    {
        public override string ToString() =>
            $"{Text}\n{string.Join('\n', Operations.Select(operation => $"{operation.Path} {operation.Value?.ToJsonString()}"))}";
    }

    private static Gen<Case> Cases =>
        from tree in JsonTrees.Object.Where(tree => tree.Count > 0)
        from layout in Layouts
        from picks in Gen.ListOf(Gen.Choose(0, 1000))
        from values in Gen.ListOf(JsonTrees.Tree)
        select new Case(Write(tree, layout), Operations(tree, [.. picks], [.. values]));

    private static string Write(JsonObject tree, string layout) =>
        layout switch
        {
            "block" => YamlText.Write(tree),
            "deep" => new YamlWriter("\n", 4).Document(tree),
            "indented" => new YamlWriter("\n", 4, 2).Document(tree),
            "crlf" => new YamlWriter("\r\n").Document(tree),
            "commented" => "# head\n---\n"
                + string.Join("\n\n# between\n", tree.Select(member => new YamlWriter("\n").Member(member.Key, member.Value, 0)))
                + "\n",
            "spread" => new FlowWriter("\n").Lines(tree, ""),
            "tabs" => new FlowWriter("\n", "\t").Lines(tree, "") + "\n",
            _ => new FlowWriter("\n", spaced: false).Line(tree),
        };

    /// <summary>Additions to collections, each chosen in the tree as the one before left it. None replaces anything but nothing.</summary>
    private static List<PatchOperation> Operations(JsonNode tree, int[] picks, JsonNode?[] values)
    {
        var operations = new List<PatchOperation>();
        foreach (var (pick, value) in picks.Zip(values).Take(3))
        {
            var places = Places(JsonPatch.Apply(tree, operations)!, "").ToList();
            operations.Add(new PatchOperation(places[pick % places.Count], value));
        }
        return operations;
    }

    private static IEnumerable<string> Places(JsonNode node, string path)
    {
        switch (node)
        {
            case JsonObject members:
                yield return JsonPointer.Child(path, $"new/key{members.Count}");
                foreach (var (key, value) in members)
                {
                    var child = JsonPointer.Child(path, key);
                    if (value is null or JsonObject { Count: 0 } or JsonArray { Count: 0 })
                        yield return child;
                    foreach (var place in value is null ? [] : Places(value, child))
                        yield return place;
                }
                break;
            case JsonArray items:
                yield return path + "/-";
                for (var i = 0; i < items.Count; i++)
                {
                    yield return $"{path}/{i.ToString(CultureInfo.InvariantCulture)}";
                    foreach (var place in items[i] is { } item ? Places(item, $"{path}/{i.ToString(CultureInfo.InvariantCulture)}") : [])
                        yield return place;
                }
                break;
        }
    }

    /// <summary>Every token of the original is found in its order; only what stood for "nothing" may have gone.</summary>
    private static bool IsKept(string original, string edited)
    {
        var rest = edited.AsSpan();
        foreach (var line in original.Split('\n').SelectMany(line => line.Split(['{', '}', '[', ']', ',']))
            .Select(part => part.Trim().TrimStart('-', ' ')).Where(part => part.Length > 0))
        {
            var text = line;
            foreach (var nothing in (string[])["null", ": null", "[]", "{}"])
                text = text.EndsWith(nothing, StringComparison.Ordinal) ? text[..^nothing.Length].TrimEnd() : text;
            var found = rest.IndexOf(text, StringComparison.Ordinal);
            if (found < 0)
                return false;
            rest = rest[(found + text.Length)..];
        }
        return true;
    }
}
