using System.Text.Json.Nodes;
using Turnpike.Api.RouteRules;
using Turnpike.Compiler;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Compiler;
using Turnpike.Yaml;

namespace Turnpike.Tests.Compiler;

/// <summary>
/// The examples of the reference, <c>config/samples/routerules</c>: they work, in both spellings, and leave no field out.
/// </summary>
public sealed class SampleTests
{
    private static readonly string Folder = Path.GetFullPath(Path.Combine(GoldenFiles.Root, "..", "..", "config", "samples", "routerules"));

    public static TheoryData<string> Samples =>
        [.. Directory.EnumerateFiles(Folder, "*.yaml").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Samples))]
    public void Sample_CompilesWithoutAWord(string name)
    {
        var (table, diagnostics) = Compile(File.ReadAllText(Path.Combine(Folder, name + ".yaml")));
        Assert.Empty(diagnostics);
        GoldenFiles.Verify($"samples/{name}.yaml", table);
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Sample_MeansTheSameInTheOtherSpelling(string name)
    {
        var documents = Documents(name);
        var respelled = documents.Select(d => Respelled(d, MessageSchema.RouteRuleSpec)).ToList();
        Assert.Equal(Compile(documents).Table, Compile(respelled).Table);
    }

    [Fact]
    public void EveryFieldThatHasAnEffect_IsInASample()
    {
        var used = new HashSet<FieldSchema>();
        foreach (var row in Samples)
        {
            foreach (var document in Documents(row.Data))
                Collect(document["spec"]!.AsObject(), MessageSchema.RouteRuleSpec, used);
        }
        Assert.Empty(Effective(MessageSchema.RouteRuleSpec, []).Except(used).Select(f => $"{f.SnakeName}: {f.Description}"));
    }

    /// <summary>
    /// The Ingress of the walkthrough as it is written, and as Kubernetes 1.22 and newer take it, which the README shows.
    /// </summary>
    [Fact]
    public void IngressOfTheWalkthrough_MeansTheSameInEitherVersion()
    {
        var (old, current) = (Sample("simple-ingress.yaml"), Sample("simple-ingress-v1.yaml"));
        Assert.Equal(Compile(old), Compile(current));
        Assert.Contains("/delay/", Compile(current), StringComparison.Ordinal);

        var shown = current
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.StartsWith('#'))
            .Select(line => $"    {line}\n");
        Assert.Contains(
            string.Concat(shown), File.ReadAllText(Path.Combine(Folder, "..", "..", "..", "README.md")), StringComparison.Ordinal);

        static string Sample(string name) => File.ReadAllText(Path.Combine(Folder, "..", name));

        static string Compile(string ingress)
        {
            var store = new ObjectStore();
            store.Put(Sample("httpbin.yaml"));
            store.Put(ingress);
            return store.Compile();
        }
    }

    private static List<JsonObject> Documents(string name) =>
        [.. YamlText.Read(File.ReadAllText(Path.Combine(Folder, name + ".yaml"))).Select(d => d.Root!.AsObject())];

    private static (string Table, IReadOnlyList<string> Diagnostics) Compile(string rules) =>
        Compile([.. YamlText.Read(rules).Select(d => d.Root!.AsObject())]);

    private static (string Table, IReadOnlyList<string> Diagnostics) Compile(IReadOnlyList<JsonObject> rules)
    {
        var store = new ObjectStore();
        store.Put(GoldenFiles.Read("samples/base.manifests"));
        foreach (var rule in rules)
        {
            rule["metadata"]!["namespace"] = "default";
            store.Put(Manifests.KeyOf(rule), ReadObject.From(rule));
        }
        var lines = store.Compile().Split("diagnostics\n");
        return (lines[0], lines.Length == 1 ? [] : lines[1].Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static JsonObject Respelled(JsonObject rule, MessageSchema schema)
    {
        var copy = rule.DeepClone().AsObject();
        copy["spec"] = Message(rule["spec"]!.AsObject(), schema);
        return copy;

        static JsonObject Message(JsonObject message, MessageSchema schema) => new(message.Select(member =>
        {
            var field = schema.Find(member.Key)!;
            return KeyValuePair.Create(field.Name, (JsonNode?)Value(member.Value!, field));
        }));

        static JsonNode Value(JsonNode value, FieldSchema field) =>
            (field.Shape, field.Message) switch
            {
                (_, null) => value.DeepClone(),
                (FieldShape.One, { } message) => Message(value.AsObject(), message),
                (FieldShape.List, { } message) => new JsonArray([.. value.AsArray().Select(i => Message(i!.AsObject(), message))]),
                (_, { } message) => new JsonObject(
                    value.AsObject().Select(m => KeyValuePair.Create(m.Key, (JsonNode?)Message(m.Value!.AsObject(), message)))),
            };
    }

    private static void Collect(JsonObject message, MessageSchema schema, HashSet<FieldSchema> used)
    {
        foreach (var (name, value) in message)
        {
            var field = schema.Find(name)!;
            used.Add(field);
            if (field.Message is not { } inner)
                continue;
            var values = field.Shape switch
            {
                FieldShape.One => [value],
                FieldShape.List => value!.AsArray(),
                _ => value!.AsObject().Select(m => m.Value),
            };
            foreach (var item in values)
                Collect(item!.AsObject(), inner, used);
        }
    }

    /// <summary>All fields but those of which the reference itself says that they do nothing.</summary>
    private static IEnumerable<FieldSchema> Effective(MessageSchema schema, HashSet<MessageSchema> seen)
    {
        if (!seen.Add(schema))
            return [];
        return schema
            .Fields.Where(f =>
                !f.Description.Contains("without effect", StringComparison.Ordinal)
                && !f.Description.StartsWith("Not supported", StringComparison.Ordinal))
            .SelectMany(f => f.Message is { } inner ? Effective(inner, seen).Append(f) : [f]);
    }
}
