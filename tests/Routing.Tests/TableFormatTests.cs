using System.Text;
using System.Text.Json.Nodes;
using Turnpike.Routing;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Routing;

/// <summary>Control planes and proxies of neighbouring versions understand each other.</summary>
public sealed class TableFormatTests
{
    private static string Committed { get; } = GoldenFiles.Read($"wire/format-{TableFormat.Current}.json");

    /// <summary>A build of an earlier commit wrote the file. What it says is read as it was meant.</summary>
    [Fact]
    public void TableOfAnEarlierBuild_IsReadAsItWasMeant()
    {
        var read = RouteTableJson.Deserialize(Encoding.UTF8.GetBytes(Committed));
        Assert.Equal(Written(RouteTableJsonTests.Full()), Written(read));
        Assert.Equal(TableText.Write(RouteTableJsonTests.Full()), TableText.Write(read));
    }

    /// <summary>A field of the format is never renamed, and never means something else.</summary>
    [Fact]
    public void TableOfThisBuild_HasAllThatAnEarlierBuildReads()
    {
        var written = JsonNode.Parse(Written(RouteTableJsonTests.Full()))!;
        AssertHas(written, JsonNode.Parse(Committed)!, "$");
    }

    /// <summary>Later builds of the same format have more fields, in whatever object.</summary>
    [Fact]
    public void FieldsOfALaterBuild_AreIgnored()
    {
        var document = JsonNode.Parse(Committed)!;
        var objects = Objects(document).ToList();
        Assert.InRange(objects.Count, 20, int.MaxValue);
        foreach (var o in objects)
            o.Add("ofTomorrow", new JsonArray(1, "two", new JsonObject { ["three"] = 3 }));
        var read = RouteTableJson.Deserialize(Encoding.UTF8.GetBytes(document.ToJsonString()));
        Assert.Equal(Written(RouteTableJsonTests.Full()), Written(read));
    }

    /// <summary>A listener of a later build, whose protocol this one does not know, takes none of the others with it.</summary>
    [Fact]
    public void ListenerOfALaterBuild_IsRead()
    {
        var document = JsonNode.Parse(Committed)!;
        document["listeners"]!.AsArray().Add(JsonNode.Parse("""{"name":"outbound","protocol":"of-tomorrow","capture":"outbound"}"""));
        var read = RouteTableJson.Deserialize(Encoding.UTF8.GetBytes(document.ToJsonString()));
        Assert.Equal(["http", "https", "mysql", "outbound"], read.Listeners.Select(l => l.Name));
        Assert.Equal(RouteTableJsonTests.Full().VirtualHostCount, read.VirtualHostCount);
        Assert.Contains("listener outbound protocol of-tomorrow\n", TableText.Write(read), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, 0, "does not say its format; this build reads format 2")]
    [InlineData(2, 1, "has format 1; this build reads format 2")]
    [InlineData(2, 2, null)]
    [InlineData(2, 3, "has format 3; this build reads format 2")]
    [InlineData(3, 1, "has format 1; this build reads formats 2 and 3")]
    [InlineData(3, 2, null)]
    [InlineData(3, 3, null)]
    [InlineData(7, 5, "has format 5; this build reads formats 6 and 7")]
    [InlineData(7, 6, null)]
    [InlineData(7, 8, "has format 8; this build reads formats 6 and 7")]
    [InlineData(7, -1, "has format -1; this build reads formats 6 and 7")]
    public void Reader_TakesItsOwnFormatAndTheOneBefore(int newest, int format, string? refusal) =>
        Assert.Equal(refusal is null ? null : $"the route table {refusal}", TableFormat.Refusal(format, newest));

    [Theory]
    [InlineData("{}", "does not say its format")]
    [InlineData("{\"format\":1,\"http\":[]}", "has format 1")]
    [InlineData("{\"format\":3}", "has format 3")]
    public void AnotherFormat_IsRefused_WithWhatIsRead(string json, string part)
    {
        var e = Assert.Throws<FormatException>(() => RouteTableJson.Deserialize(Encoding.UTF8.GetBytes(json)));
        Assert.Contains(part, e.Message, StringComparison.Ordinal);
        Assert.Contains($"reads format {TableFormat.Current}", e.Message, StringComparison.Ordinal);
    }

    private static string Written(RouteTable table) => Encoding.UTF8.GetString(RouteTableJson.Serialize(table));

    /// <summary>What is expected is there. Objects may have more fields.</summary>
    private static void AssertHas(JsonNode? actual, JsonNode? expected, string path)
    {
        switch (expected)
        {
            case JsonObject o:
                var fields = Assert.IsType<JsonObject>(actual);
                foreach (var (name, value) in o)
                {
                    Assert.True(fields.ContainsKey(name), $"{path}.{name} is missing");
                    AssertHas(fields[name], value, $"{path}.{name}");
                }
                break;
            case JsonArray a:
                var items = Assert.IsType<JsonArray>(actual);
                Assert.Equal(a.Count, items.Count);
                for (var i = 0; i < a.Count; i++)
                    AssertHas(items[i], a[i], $"{path}[{i}]");
                break;
            default:
                Assert.True(JsonNode.DeepEquals(actual, expected), $"{path} is {actual}, and {expected} is expected");
                break;
        }
    }

    private static IEnumerable<JsonObject> Objects(JsonNode node)
    {
        IEnumerable<JsonNode?> inner = node switch
        {
            JsonObject o => o.Select(p => p.Value),
            JsonArray a => a,
            _ => [],
        };
        var below = inner.OfType<JsonNode>().SelectMany(Objects);
        return node is JsonObject self ? below.Prepend(self) : below;
    }
}
