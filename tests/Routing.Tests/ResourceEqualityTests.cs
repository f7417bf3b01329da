using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Turnpike.Routing;

namespace Turnpike.Tests.Routing;

/// <summary>Resources that are taken from an earlier table are those that would be written.</summary>
public sealed class ResourceEqualityTests
{
    [Fact]
    public void EqualParts_KeepTheirBytes_WhetherOrNotTheyAreTheSameObjects()
    {
        var table = RouteTableJsonTests.Full();
        var first = TableResources.Of(table);
        foreach (var again in new[] { table, RouteTableJsonTests.Full(), Copy(table) })
        {
            var second = TableResources.Of(again, first);
            Assert.Equal(first.TableVersion, second.TableVersion);
            Assert.Equal(first.All.Length, second.All.Length);
            Assert.All(first.All.Zip(second.All), pair => Assert.Same(BytesOf(pair.First), BytesOf(pair.Second)));
        }
    }

    /// <summary>A field that the comparison overlooks would keep a change from every proxy.</summary>
    [Fact]
    public void ChangeOfAnyField_ReachesTheResources()
    {
        var table = RouteTableJsonTests.Full();
        var first = TableResources.Of(table);
        var document = JsonNode.Parse(RouteTableJson.Serialize(table))!;
        var (tried, places) = (0, Places(document).Count());
        for (var place = 0; place < places; place++)
        {
            foreach (var change in Changes)
            {
                var copy = document.DeepClone();
                if (!change(Places(copy).ElementAt(place)) || Read(copy) is not { } changed)
                    continue;
                var second = TableResources.Of(changed, first);
                var fresh = TableResources.Of(changed);
                Assert.Equal(Content(fresh), Content(second));
                Assert.Equal(fresh.TableVersion, second.TableVersion);
                Assert.Equal(Content(first).SequenceEqual(Content(fresh)), second.TableVersion == first.TableVersion);
                tried++;
            }
        }
        Assert.InRange(tried, 100, int.MaxValue);
    }

    [Fact]
    public void Versions_DoNotDependOnWhatWentBefore()
    {
        var random = new Random(17);
        var previous = TableResources.None;
        var versions = new Dictionary<string, string>(StringComparer.Ordinal);
        var kept = 0;
        for (var round = 0; round < 300; round++)
        {
            var table = Draw(random);
            var fresh = TableResources.Of(table);
            var next = TableResources.Of(table, previous);
            Assert.Equal(Content(fresh), Content(next));
            Assert.Equal(fresh.TableVersion, next.TableVersion);
            var content = string.Join('\n', Content(fresh));
            Assert.Equal(next.TableVersion, versions.TryGetValue(content, out var known) ? known : next.TableVersion);
            versions[content] = next.TableVersion;
            kept += next.All.Count(r => previous.All.Any(p => ReferenceEquals(p, r)));
            previous = next;
        }
        Assert.InRange(kept, 300, int.MaxValue);
        Assert.Equal(versions.Count, versions.Values.Distinct(StringComparer.Ordinal).Count());
    }

    private static IEnumerable<Func<JsonNode, bool>> Changes { get; } =
    [
        node => Remove(node),
        node => node.GetValueKind() == System.Text.Json.JsonValueKind.String && Replace(node, $"{node}x"),
        node => node.GetValueKind() == System.Text.Json.JsonValueKind.Number && Replace(node, node.GetValue<double>() + 1),
        node => node.GetValueKind() == System.Text.Json.JsonValueKind.True && Replace(node, false),
        node => node is JsonArray array && Repeat(array),
    ];

    private static bool Remove(JsonNode node)
    {
        if (node.Parent is JsonObject parent)
            return parent.Remove(node.GetPropertyName());
        (node.Parent as JsonArray)?.Remove(node);
        return node.Parent is null;
    }

    private static bool Replace(JsonNode node, JsonNode value)
    {
        node.ReplaceWith(value);
        return true;
    }

    private static bool Repeat(JsonArray array)
    {
        if (array.Count > 0)
            array.Add(array[0]!.DeepClone());
        return array.Count > 0;
    }

    private static IEnumerable<JsonNode> Places(JsonNode node)
    {
        IEnumerable<JsonNode?> inner = node switch
        {
            JsonObject o => o.Select(p => p.Value),
            JsonArray a => a,
            _ => [],
        };
        foreach (var child in inner.OfType<JsonNode>())
        {
            yield return child;
            foreach (var deeper in Places(child))
                yield return deeper;
        }
    }

    private static RouteTable? Read(JsonNode document)
    {
        try
        {
            return RouteTableJson.Deserialize(Encoding.UTF8.GetBytes(document.ToJsonString()));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static RouteTable Copy(RouteTable table) => RouteTableJson.Deserialize(RouteTableJson.Serialize(table));

    /// <summary>Objects of few shapes, so that some are equal from one table to the next, and none are the same.</summary>
    private static RouteTable Draw(Random random) => Copy(new RouteTable
    {
        Listeners =
        [
            .. IngressListeners.Of(Hosts(random), Hosts(random)).Where(_ => random.Next(8) > 0)
                .Select(l => l with { Port = (100 * l.Name.Length) + random.Next(2) }),
        ],
        Clusters = new ClusterSet(Enumerable.Range(0, 4).Where(_ => random.Next(4) > 0)
            .Select(i => new Cluster { Name = $"c{i}", Endpoints = [new Endpoint($"10.0.0.{random.Next(3)}", 80)] })),
        Settings = new ProxySettings { TrustedCidrs = random.Next(2) == 0 ? ["10.0.0.0/8"] : [] },
    });

    private static VirtualHostSet Hosts(Random random) =>
        new(Enumerable.Range(0, 3).Where(_ => random.Next(4) > 0).Select(i => new VirtualHost($"h{i}.com",
        [
            new PathEntry
            {
                Path = PathMatch.Prefix("/"),
                Origin = new RouteOrigin("Ingress", "default/web", $"spec.rules[0].http.paths[{random.Next(2)}]", "a path"),
                Routes = new RouteList($"list{i % 2}", [new Route { Path = PathMatch.Any, Targets = [new WeightedCluster("a", 100)] }]),
            },
        ])));

    private static List<string> Content(TableResources resources) =>
        [.. resources.All.Select(r => $"{r.Key.Kind} {r.Key.Name} {r.Version} {Encoding.UTF8.GetString(r.Body.Span)}")];

    private static byte[] BytesOf(TableResource resource) => MemoryMarshal.TryGetArray(resource.Body, out var bytes) ? bytes.Array! : [];
}
