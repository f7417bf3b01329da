using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Turnpike.Api.RouteRules;
using Turnpike.Tests.Support;
using Turnpike.Tests.Unit.Api.Yaml;
using Xunit;

namespace Turnpike.Tests.Unit.Api;

/// <summary>What holds of the readers for every input.</summary>
public sealed class ReaderProperties
{
    private static readonly string[] Cases = [.. GoldenFiles.Cases("validate", ".json", ".yaml")];

    /// <summary>Fields of a rule that are valid together, each with some values, in the form that the writer gives them.</summary>
    private static readonly (string Name, string[] Values)[] ValidFields =
    [
        ("destination", ["""{"name":"a"}""", """{"name":"a","namespace":"b","domain":"svc.cluster.local"}""", """{"service":"*.example.com"}"""]),
        ("precedence", ["0", "-5", "2147483647"]),
        ("match", ["{}", """{"source":{"name":"a","labels":{"version":"v1"}}}""", """{"tcp":{"sourceSubnet":["10.0.0.0/8"],"destinationSubnet":[]}}""",
            """{"request":{"headers":{"cookie":{"regex":"^(.*?;)?(user=jason)(;.*)?$"},"uri":{"prefix":"/a"},"x-b":{"exact":""}}}}"""]),
        ("route", ["[{}]", """[{"labels":{"a":"b"},"weight":100}]""", """[{"destination":{"name":"b"},"weight":1},{"labels":{},"weight":99}]"""]),
        ("rewrite", ["""{"uri":"/"}""", """{"uri":"/a","authority":"example.com:80"}"""]),
        ("websocketUpgrade", ["true", "false"]),
        ("httpReqTimeout", ["{}", """{"simpleTimeout":{"timeout":"1m30s"}}""", """{"custom":{"@type":"x","httpReqTimeout":[1,null,{"a":"b"}]}}"""]),
        ("httpReqRetries", ["""{"simpleRetry":{"attempts":3,"perTryTimeout":"2.5s"}}""", """{"simpleRetry":{"attempts":0,"overrideHeaderName":"x"}}"""]),
        ("httpFault", ["{}", """{"delay":{"percent":0.25,"fixedDelay":"100ms"},"abort":{"percent":100,"httpStatus":503}}""", """{"abort":{"http2Error":"x"}}"""]),
        ("mirror", ["""{"name":"m","labels":{"version":"v2"}}"""]),
        ("corsPolicy", ["""{"allowOrigin":["*"],"allowMethods":["GET"],"allowHeaders":["x-a"],"exposeHeaders":["x-b"],"maxAge":"24h0m0s","allowCredentials":true}"""]),
        ("appendHeaders", ["{}", """{"x-a":"b","x-c":"%CLIENT_IP%"}"""]),
    ];

    internal static Gen<JsonObject> ValidSpec =>
        Gen.CollectToList(ValidFields, known => Gen.OneOf(
            Gen.Elements(known.Values).Select(value => (known.Name, Value: (string?)value)),
            Gen.Constant((known.Name, Value: (string?)(known.Name == "destination" ? known.Values[0] : null)))))
        .Select(chosen => new JsonObject(chosen
            .Where(one => one.Value is not null)
            .Select(one => KeyValuePair.Create(one.Name, JsonNode.Parse(one.Value!)))));

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
        Prop.ForAll(ValidSpec.SelectMany(_ => Gen.Elements(true, false), (spec, snake) => (spec, snake)).ToArbitrary(), rule =>
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
