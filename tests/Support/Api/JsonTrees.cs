using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;

namespace Turnpike.Tests.Support.Api;

/// <summary>JSON trees as Kubernetes objects have them, with texts chosen to trip a YAML writer.</summary>
internal static class JsonTrees
{
    private static readonly string[] Texts =
    [
        "",
        " ",
        "a",
        "yes",
        "null",
        "~",
        "0",
        "-1",
        "1e3",
        "0x1F",
        "1000m",
        "40Mi",
        "8080:80",
        "2017-09-27",
        "a: b",
        "a #b",
        "#a",
        "- a",
        "-",
        "--- x",
        "a:",
        ":a",
        "*a",
        "&a",
        "!a",
        "|",
        ">",
        "%a",
        "@a",
        "`a`",
        "'a'",
        "\"a\"",
        "[a]",
        "{a}",
        "a, b",
        "a\nb",
        "a\nb\n",
        "\na",
        "a\n",
        "a\n\nb\n\n",
        " a\nb",
        "a \nb",
        "a\tb",
        "a\\b",
        "é",
        "😀",
        "\u0085",
        "\u2028x",
        "\uFEFF",
        "\r\n",
        "x\r\ny",
        "<<",
        "=",
        "?",
        "? a",
        "---",
        "...",
        "a\n---\nb\n",
        "a\n  b\n c",
        "a b ",
        "\u0001",
        "sidecar.istio.io/inject",
        "docker.io/x:1",
    ];

    public static Gen<string> Text => Gen.Elements(Texts);

    public static Gen<JsonNode?> Tree => Gen.Sized(size => Node(Math.Min(size / 8, 4)));

    public static Gen<JsonObject> Object => Gen.Sized(size => Members(Math.Min(size / 8, 4)));

    private static Gen<JsonNode?> Leaf => Gen.OneOf(
        Text.Select(text => (JsonNode?)JsonValue.Create(text)),
        Gen.Elements(0L, 1, -1, 8080, long.MaxValue, long.MinValue).Select(number => (JsonNode?)JsonValue.Create(number)),
        Gen.Elements(0.5, -1.25, 1e21).Select(number => (JsonNode?)JsonValue.Create(number)),
        Gen.Elements(true, false).Select(flag => (JsonNode?)JsonValue.Create(flag)),
        Gen.Constant<JsonNode?>(null));

    private static Gen<JsonNode?> Node(int depth) =>
        depth == 0
            ? Leaf
            : Gen.Frequency(
                (2, Leaf),
                (2, Members(depth).Select(members => (JsonNode?)members)),
                (
                    1,
                    Gen.ListOf(Node(depth - 1))
                        .Select(items => (JsonNode?)new JsonArray([.. items.Take(4).Select(item => item?.DeepClone())]))));

    private static Gen<JsonObject> Members(int depth) =>
        Gen.ListOf(Text.SelectMany(_ => Node(Math.Max(depth - 1, 0)), (key, value) => (key, value))).Select(members =>
        {
            var node = new JsonObject();
            foreach (var (key, value) in members.Take(5))
                node[key] = value?.DeepClone();
            return node;
        });
}
