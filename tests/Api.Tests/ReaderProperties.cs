using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Turnpike.Api.RouteRules;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Api;

namespace Turnpike.Tests.Api;

/// <summary>Tests properties that hold for the readers on every input.</summary>
public sealed class ReaderProperties
{
    private static readonly string[] Cases = [.. GoldenFiles.Cases("validate", ".json", ".yaml")];

    [Property(MaxTest = 500)]
    public Property ArbitraryJson_NeverThrows() => Prop.ForAll(JsonTrees.Object.ToArbitrary(), json =>
    {
        foreach (var reader in ObjectReaders.All.Values)
            AssertConsistent(reader(json));
    });

    /// <summary>Every case of the golden tests, with one value anywhere in it replaced.</summary>
    [Property(MaxTest = 3000)]
    public Property DamagedObjects_NeverThrow() =>
        Prop.ForAll(Gen.Elements(Cases).SelectMany(_ => Gen.Choose(0, 1000), (name, at) => (name, at))
            .SelectMany(_ => JsonTrees.Tree, (place, tree) => (place.name, place.at, tree)).ToArbitrary(), damage =>
        {
            var json = ValidationGoldenTests.Read(damage.name);
            if (ObjectReaders.All.TryGetValue(KindOf(damage.name, json), out var reader) && TryPlaces(json) is { Count: > 0 } places)
            {
                places[damage.at % places.Count](damage.tree?.DeepClone());
                AssertConsistent(reader(json));
            }
        });

    [Property(MaxTest = 500)]
    public Property RouteRule_RoundTrips_InBothSpellings() =>
        Prop.ForAll(RuleSpecs.Valid.SelectMany(_ => Gen.Elements(true, false), (spec, snake) => (spec, snake)).ToArbitrary(), rule =>
        {
            var written = rule.snake ? Snake(MessageSchema.RouteRuleSpec, rule.spec) : rule.spec.DeepClone();
            var decoded = RouteRuleReader.Read(new JsonObject { ["metadata"] = new JsonObject { ["name"] = "r" }, ["spec"] = written });
            Assert.Empty(decoded.Errors);
            var again = RouteRuleWriter.WriteSpec(decoded.Value!.Spec);
            Assert.True(JsonNode.DeepEquals(rule.spec, again), again.ToJsonString());
        });

    private static void AssertConsistent(Outcome outcome)
    {
        Assert.Equal(outcome.Errors.Count == 0, outcome.Value is not null);
        var lines = outcome.Errors.Select(error => error.ToString()).Concat(outcome.Warnings);
        Assert.All(lines, line => Assert.DoesNotContain(line, c => char.IsControl(c) || c is '\u2028' or '\u2029'));
    }

    private static string KindOf(string name, JsonObject json)
    {
        try
        {
            return ValidationGoldenTests.KindOf(name, json);
        }
        catch (ArgumentException)
        {
            // The case that holds one field twice.
            return "";
        }
    }

    /// <summary>A setter for each value in the tree; null for trees that cannot be enumerated.</summary>
    private static List<Action<JsonNode?>>? TryPlaces(JsonNode root)
    {
        var places = new List<Action<JsonNode?>>();
        try
        {
            Visit(root);
            return places;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return null;
        }

        void Visit(JsonNode? node)
        {
            switch (node)
            {
                case JsonObject json:
                    foreach (var (name, value) in json)
                    {
                        places.Add(replacement => json[name] = replacement);
                        Visit(value);
                    }
                    break;
                case JsonArray list:
                    for (var i = 0; i < list.Count; i++)
                    {
                        var index = i;
                        places.Add(replacement => list[index] = replacement);
                        Visit(list[i]);
                    }
                    break;
            }
        }
    }

    private static JsonObject Snake(MessageSchema schema, JsonObject json) => new(json.Select(pair =>
    {
        var field = schema.Find(pair.Key)!;
        return KeyValuePair.Create(field.SnakeName, (field.Message, field.Shape) switch
        {
            (null, _) => pair.Value?.DeepClone(),
            (var message, FieldShape.One) => Snake(message, pair.Value!.AsObject()),
            (var message, FieldShape.List) => new JsonArray([.. pair.Value!.AsArray().Select(item => Snake(message, item!.AsObject()))]),
            (var message, _) => new JsonObject(pair.Value!.AsObject()
                .Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)Snake(message, entry.Value!.AsObject())))),
        });
    }));
}
