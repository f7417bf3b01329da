using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Turnpike.Tests.Support.Api;
using Turnpike.Yaml;

namespace Turnpike.Tests.Api.Yaml;

public sealed class YamlTextProperties
{
    private static readonly string[] Fragments =
    [
        "a",
        "b: ",
        "- ",
        "? ",
        ": ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "'",
        "\"",
        "|",
        ">",
        "+",
        "-",
        "&a ",
        "*a",
        "!!str ",
        "!x ",
        "%",
        "#",
        "\n",
        "\n  ",
        "\n\t",
        "\r\n",
        "\r",
        "---",
        "\n---\n",
        "\n...\n",
        "<<: ",
        "~",
        "0x",
        "1e9",
        "\\u",
        "\\ud800",
        "\ud800",
        "\u0000",
        "\u2028",
        "😀",
        "@",
        "`",
        " ",
        "  ",
        "\uFEFF",
    ];

    [Property(MaxTest = 500)]
    public Property Write_RoundTrips() => Prop.ForAll(JsonTrees.Tree.ToArbitrary(), tree =>
    {
        var text = YamlText.Write(tree);
        var document = Assert.Single(YamlText.Read(text));
        Assert.Null(document.Error);
        Assert.True(JsonNode.DeepEquals(tree, document.Root), text);
    });

    [Property(MaxTest = 2000)]
    public Property Read_NeverThrows_AndLosesNoText() =>
        Prop.ForAll(Gen.Elements(Fragments).ListOf().Select(string.Concat).ToArbitrary(), text =>
        {
            var documents = YamlText.Read(text);
            Assert.Equal(text, string.Concat(documents.Select(document => document.Text)));
            Assert.All(documents, document => Assert.True(document.Root is null || document.Error is null));
        });

    [Fact]
    public void Write_IsReadable()
    {
        var node = JsonNode.Parse("""
            {"kind":"Pod","metadata":{"name":"a","labels":{}},"spec":{"containers":[{"name":"x","args":["--on","yes"],"ports":[]}],"script":"a\nb\n"},"empty":null}
            """);

        Assert.Equal(
            """
            kind: Pod
            metadata:
              name: a
              labels: {}
            spec:
              containers:
              - name: x
                args:
                - --on
                - "yes"
                ports: []
              script: |
                a
                b
            empty: null

            """.ReplaceLineEndings("\n"),
            YamlText.Write(node));
    }
}
