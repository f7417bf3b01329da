using System.Text.Json.Nodes;
using Turnpike.Injector.Patch;
using Turnpike.Injector.Text;
using Turnpike.Yaml;

namespace Turnpike.Tests.Injector.Text;

public sealed class DocumentEditorTests
{
    private static string Edit(string text, params (string Path, string Value)[] additions)
    {
        var edited = DocumentEditor.Apply(
            Assert.Single(YamlText.Read(text)),
            [.. additions.Select(addition => new PatchOperation(addition.Path, JsonNode.Parse(addition.Value)))]);
        Assert.False(edited.IsRewritten, edited.Text);
        return edited.Text;
    }

    [Fact]
    public void Apply_KeepsWhatTheUserWrote() => Assert.Equal(
        """
        # a header
        kind: Deployment   # comments stay
        spec:
            replicas: 0x2
            containers:
              - name: "web"   # the one
                ports: [ {containerPort: 8080} ]
                cpu: 1000m

              # not the last word
              - image: other
                name: x
              - name: w
                args:
                  - "yes"
            # about volumes
            volumes:
              - name: z

        # tail
        """,
        Edit(
            """
            # a header
            kind: Deployment   # comments stay
            spec:
                replicas: 0x2
                containers:
                  - name: "web"   # the one
                    ports: [ {containerPort: 8080} ]
                    cpu: 1000m

                  # not the last word
                  - image: other
                    name: x
                # about volumes
                volumes:
                  - name: z

            # tail
            """,
            ("/spec/containers/-", """{"name":"w","args":["yes"]}""")),
        ignoreLineEndingDifferences: false);

    [Theory]
    [InlineData("a:\nb: 1\n", "/a", """{"x":{"z":1}}""", "a:\n  x:\n    z: 1\nb: 1\n")]
    [InlineData("a: # why\nb: 1\n", "/a", """["x"]""", "a: # why\n- x\nb: 1\n")]
    [InlineData("a: null # why\nb: 1\n", "/a", """["x"]""", "a: # why\n- x\nb: 1\n")]
    [InlineData("a: []\nb:\n  - 1\n", "/a", """["x"]""", "a:\n  - x\nb:\n  - 1\n")]
    [InlineData("a: {}\n", "/a", """{"x":"1"}""", "a:\n  x: \"1\"\n")]
    [InlineData("a: ~", "/a", """{"x":"1"}""", "a:\n  x: \"1\"\n")]
    [InlineData("a:\n", "/a", "\"x\"", "a: x\n")]
    [InlineData("a: 'old' # c\n", "/a", "\"new\"", "a: new # c\n")]
    [InlineData("a: 1", "/b", "2", "a: 1\nb: 2\n")]
    [InlineData("a: 1\r\nb:\r\n- x\r\n", "/b/-", """{"z":[1]}""", "a: 1\r\nb:\r\n- x\r\n- z:\r\n  - 1\r\n")]
    [InlineData("a:\n- x\n- y\n", "/a/0", """{"b":1,"c":2}""", "a:\n- b: 1\n  c: 2\n- x\n- y\n")]
    [InlineData("a:\n- x\n- y\n", "/a/1", "1", "a:\n- x\n- 1\n- y\n")]
    [InlineData("a:\r\n  # of x\r\n  # too\r\n  - x\r\n", "/a/0", "1", "a:\r\n  - 1\r\n  # of x\r\n  # too\r\n  - x\r\n")]
    [InlineData("# of a\n- x\n", "/0", "1", "- 1\n# of a\n- x\n")]
    [InlineData("- - x\n", "/0/0", "1", "- - 1\n  - x\n")]
    [InlineData("a:\n  b: |\n    text\n\n\nc: 1\n", "/a/d", "1", "a:\n  b: |\n    text\n  d: 1\n\n\nc: 1\n")]
    [InlineData("a:\n  b: |+\n    text\n\n\nc: 1\n", "/a/d", "1", "a:\n  b: |+\n    text\n\n\n  d: 1\nc: 1\n")]
    [InlineData("a:\n  b: 'x\n    y' # c\nc: 1\n", "/a/d", "1", "a:\n  b: 'x\n    y' # c\n  d: 1\nc: 1\n")]
    [InlineData("--- # top\na: 1\n...\n", "/b", "2", "--- # top\na: 1\nb: 2\n...\n")]
    [InlineData("\uFEFFa: 1\n", "/b", "2", "\uFEFFa: 1\nb: 2\n")]
    [InlineData("{a: 1, b: [x, y,],}\n", "/b/-", """{"z":true}""", "{a: 1, b: [x, y, {\"z\": true},],}\n")]
    [InlineData("{a: 1, b: }\n", "/b", "[1]", "{a: 1, b: [1] }\n")]
    [InlineData("{a: 1, b}\n", "/b", "[1]", "{a: 1, b: [1]}\n")]
    [InlineData("a: {b: {}} # c\n", "/a/b/x~1y", "\"z\"", "a: {b: {\"x/y\": \"z\"}} # c\n")]
    [InlineData("a: [\n  x, # one\n  y # two\n]\n", "/a/-", "1", "a: [\n  x, # one\n  y, # two\n  1\n]\n")]
    [InlineData("a: [\n  x, # one\n]\n", "/a/-", "1", "a: [\n  x, # one\n  1\n]\n")]
    [InlineData("a: [\n  x ]\n", "/a/-", "1", "a: [\n  x,\n  1 ]\n")]
    [InlineData("a:\n- x\n  # of x\n\n  # of none\nb: 1\n", "/a/-", "1", "a:\n- x\n  # of x\n- 1\n\n  # of none\nb: 1\n")]
    [InlineData("a: [\n  x\n]\n", "/a/0", "1", "a: [\n  1,\n  x\n]\n")]
    [InlineData("""{"a":1,"b":{"c":[]}}""", "/b/c/-", """{"d":2,"e":[]}""", """{"a":1,"b":{"c":[{"d":2,"e":[]}]}}""")]
    [InlineData(
        "{\n\t\"a\": {}\n}\n",
        "/a/b",
        """{"c":[1]}""",
        "{\n\t\"a\": {\n\t\t\"b\": {\n\t\t\t\"c\": [\n\t\t\t\t1\n\t\t\t]\n\t\t}\n\t}\n}\n")]
    [InlineData("{\n    \"a\": null\n}", "/a", """{"b":1}""", "{\n    \"a\": {\n        \"b\": 1\n    }\n}")]
    [InlineData("a: &x\n  b: 1\nc: 2\n", "/a/d", "1", "a: &x\n  b: 1\n  d: 1\nc: 2\n")]
    public void Apply_PutsAdditionsWhereTheirNeighboursAre(string text, string path, string value, string expected) =>
        Assert.Equal(expected, Edit(text, (path, value)));

    [Theory]
    [InlineData("# head\n---\na: &x\n  b: 1\nc: *x\n", "/c/d", "2", "# head\n---\na:\n  b: 1\nc:\n  b: 1\n  d: 2\n")]
    [InlineData("a: &x\n  b: 1\nc: *x\n", "/a/d", "2", "a:\n  b: 1\n  d: 2\nc:\n  b: 1\n")]
    [InlineData("? a\n: 1\n", "/b", "2", "a: 1\nb: 2\n")]
    [InlineData("--- {a: &x [1], b: *x}\n...\n", "/b/-", "2", "---\na:\n- 1\nb:\n- 1\n- 2\n...\n")]
    public void Apply_RewritesTheDocument_WhenItsTextCannotTakeAnAddition(string text, string path, string value, string expected)
    {
        var edited = DocumentEditor.Apply(Assert.Single(YamlText.Read(text)), [new PatchOperation(path, JsonNode.Parse(value))]);

        Assert.True(edited.IsRewritten);
        Assert.Equal(expected, edited.Text);
    }
}
