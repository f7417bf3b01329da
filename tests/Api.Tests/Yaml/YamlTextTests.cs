using System.Text.Json.Nodes;
using Turnpike.Yaml;

namespace Turnpike.Tests.Api.Yaml;

public sealed class YamlTextTests
{
    [Theory]
    [InlineData("a: true", """{"a":true}""")]
    [InlineData("a: yes", """{"a":true}""")]
    [InlineData("a: Off", """{"a":false}""")]
    [InlineData("a: n", """{"a":false}""")]
    [InlineData("a: \"yes\"", """{"a":"yes"}""")]
    [InlineData("a: 'true'", """{"a":"true"}""")]
    [InlineData("a: yEs", """{"a":"yEs"}""")]
    [InlineData("a: null", """{"a":null}""")]
    [InlineData("a: ~", """{"a":null}""")]
    [InlineData("a:", """{"a":null}""")]
    [InlineData("a: 8080", """{"a":8080}""")]
    [InlineData("a: \"8080\"", """{"a":"8080"}""")]
    [InlineData("a: -7", """{"a":-7}""")]
    [InlineData("a: +7", """{"a":7}""")]
    [InlineData("a: 0x1F", """{"a":31}""")]
    [InlineData("a: 0o17", """{"a":15}""")]
    [InlineData("a: 0644", """{"a":420}""")]
    [InlineData("a: 08", """{"a":8}""")]
    [InlineData("a: 1_000", """{"a":1000}""")]
    [InlineData("a: 18446744073709551615", """{"a":18446744073709551615}""")]
    [InlineData("a: 1.50", """{"a":1.5}""")]
    [InlineData("a: 1e3", """{"a":1000}""")]
    [InlineData("a: .5", """{"a":0.5}""")]
    [InlineData("a: 1e999", """{"a":"1e999"}""")]
    [InlineData("a: 1000m", """{"a":"1000m"}""")]
    [InlineData("a: 1.2.3", """{"a":"1.2.3"}""")]
    [InlineData("a: 2017-09-27", """{"a":"2017-09-27"}""")]
    [InlineData("a: 08:30", """{"a":"08:30"}""")]
    [InlineData("a: !!str 12", """{"a":"12"}""")]
    [InlineData("a: !!int \"12\"", """{"a":12}""")]
    [InlineData("1: x\ntrue: v\n0x10: z", """{"1":"x","true":"v","16":"z"}""")]
    [InlineData("a: &x {b: 1}\nc: *x", """{"a":{"b":1},"c":{"b":1}}""")]
    [InlineData("base: &x {b: 1, c: 2}\na:\n  <<: *x\n  c: 3", """{"base":{"b":1,"c":2},"a":{"c":3,"b":1}}""")]
    [InlineData("a:\n  <<: [{b: 1}, {b: 2, c: 3}]", """{"a":{"b":1,"c":3}}""")]
    [InlineData("a: {\"<<\": 1}", """{"a":{"<<":1}}""")]
    [InlineData("a: |\n  x\n  y\n", """{"a":"x\ny\n"}""")]
    [InlineData("a: >-\n  x\n  y\n", """{"a":"x y"}""")]
    [InlineData("{\n\t\"a\": \"\\ud83d\\ude00\\/\"\n}", """{"a":"😀/"}""")]
    [InlineData("- 1\n- x", """[1,"x"]""")]
    [InlineData("\uFEFFa: 1", """{"a":1}""")]
    [InlineData("a: 1\r\nb:\r\n- 2\r\n", """{"a":1,"b":[2]}""")]
    public void Read_GivesWhatKubectlWouldSee(string yaml, string json)
    {
        var document = Assert.Single(YamlText.Read(yaml));

        Assert.Null(document.Error);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json), document.Root), document.Root?.ToJsonString());
    }

    [Theory]
    [InlineData("a: 1\nb: 2\na: 3", "line 3, column 1: the key \"a\" is already set 2 lines above")]
    [InlineData("1: x\n\"1\": y", "line 2, column 1: the key \"1\" is already set 1 line above")]
    [InlineData("{\"a\": 1, \"a\": 2}", "line 1, column 10: the key \"a\" is already set in the same line")]
    [InlineData("a: *b", "line 1, column 4: the alias *b has no anchor &b before it")]
    [InlineData("a: &a [*a]", "line 1, column 8: the alias *a stands inside its own anchor &a")]
    [InlineData("a: .nan", "line 1, column 4: the number .nan cannot be represented in JSON")]
    [InlineData("? [a]\n: 1", "line 1, column 3: a key must be text, not a collection")]
    [InlineData("~: 1", "line 1, column 1: a key must be text, not null")]
    [InlineData("a: !secret x", "line 1, column 4: the tag !secret is unknown or does not fit this value")]
    [InlineData("a: !!int x", "line 1, column 4: the tag !!int is unknown or does not fit this value")]
    [InlineData("<<: 1", "line 1, column 5: the merge key \"<<\" takes a mapping or a sequence of mappings")]
    [InlineData("a: \"\\ud800\"", "line 1, column 4: while scanning a quoted scalar, found invalid Unicode surrogates")]
    [InlineData("{\"a\": \"\\ud800\"}", "line 1, column 7: while scanning a quoted scalar, found invalid Unicode surrogates")]
    [InlineData("a:\n\tb: 1", "line 2, column 1: a tab is used for indentation; YAML takes spaces only")]
    [InlineData("a: 1\nb:\n  c: 2\n\td: 3", "line 4, column 1: a tab is used for indentation; YAML takes spaces only")]
    [InlineData(
        "a: b: c", "line 1, column 5: a key with a value cannot stand here; is the indentation wrong, or a text with \": \" not quoted?")]
    public void Read_SaysWhatIsWrongAndWhere(string yaml, string error)
    {
        var document = Assert.Single(YamlText.Read(yaml));

        Assert.Null(document.Root);
        Assert.Equal(error, document.Error);
    }

    [Fact]
    public void Read_NumbersDocumentsAndLines()
    {
        const string text = "# head\n---\na: 1\n---\n\n# nothing\n--- # third\nb: 2\n...\n# tail\n---\n";

        var documents = YamlText.Read(text);

        Assert.Equal([(1, 3), (2, 4), (3, 8), (4, 11)], documents.Select(document => (document.Index, document.Line)));
        Assert.Equal([true, false, true, false], documents.Select(document => document.Root is not null));
        Assert.Equal(text, string.Concat(documents.Select(document => document.Text)));
    }

    [Fact]
    public void Read_ReturnsGoodDocuments_WhenOneIsBad()
    {
        var documents = YamlText.Read("a: 1\n---\nb: [1\n---\nc: 3\n");

        Assert.Equal([true, false, true], documents.Select(document => document.Error is null));
        Assert.StartsWith("line 4, column 1: ", documents[1].Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TakesJsonObjectsOneAfterAnother()
    {
        var documents = YamlText.Read("{\"a\": \"}{\"}\n{\"b\": 2}\n");

        Assert.Equal(["""{"a":"}{"}""", """{"b":2}"""], documents.Select(document => document.Root!.ToJsonString()));
        Assert.Equal([1, 2], documents.Select(document => document.Line));
    }

    [Fact]
    public void Read_ValuesConvertAsParsedJsonDoes()
    {
        var root = YamlText.Read("a: 5")[0].Root!;

        Assert.Equal(5, root["a"]!.GetValue<int>());
        Assert.Equal(5L, root["a"]!.GetValue<long>());
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("# only a comment\n")]
    [InlineData("---\n")]
    [InlineData("null\n")]
    public void Read_HasNoRoot_WhenNothingIsThere(string text) =>
        Assert.All(YamlText.Read(text), document => Assert.Equal((null, null), (document.Root, document.Error)));

    public static TheoryData<string, string> HostileTexts =>
        new()
        {
            { "deep flow", new string('[', 1_000_000) },
            { "deep flow mappings", string.Concat(Enumerable.Repeat("{a: ", 100_000)) },
            { "deep JSON", string.Concat(Enumerable.Repeat("{\"a\":", 100_000)) },
            { "deep block", string.Concat(Enumerable.Repeat("- ", 100_000)) },
            { "deep keys", string.Concat(Enumerable.Repeat("? ", 100_000)) },
            {
                "aliases that double",
                "a0: &a0 [x, x]\n" + string.Concat(Enumerable.Range(1, 60).Select(i => $"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n"))
            },
            {
                "merges that double",
                "a0: &a0 {x: 1}\n" + string.Concat(Enumerable.Range(1, 60).Select(i => $"a{i}: &a{i}\n  <<: [*a{i - 1}, *a{i - 1}]\n"))
            },
            { "one long text many times", $"a: &a {new string('x', 1_000_000)}\nb: [{string.Join(',', Enumerable.Repeat("*a", 10_000))}]" },
            { "many values", "[" + string.Concat(Enumerable.Repeat("a,", YamlText.MaxNodes + 1)) + "]" },
            { "too long", new string('a', YamlText.MaxDocumentLength + 1) },
            { "open quote", "a: \"x" },
            { "open bracket", "a: [1, 2\nb: 3" },
            { "control character", "a: \u0000\u0001" },
        };

    [Theory]
    [MemberData(nameof(HostileTexts))]
    public void Read_FailsInOneLine_WhenTextIsHostile(string name, string text)
    {
        var document = Assert.Single(YamlText.Read(text));

        Assert.True(document.Root is null, name);
        Assert.Matches("^line [0-9]+, column [0-9]+: [^\n]+$", document.Error);
    }
}
