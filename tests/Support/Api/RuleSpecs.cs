using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;

namespace Turnpike.Tests.Support.Api;

/// <summary>RouteRules that every validator accepts.</summary>
internal static class RuleSpecs
{
    /// <summary>Fields of a rule that are valid together, each with some values, in the form that the writer gives them.</summary>
    private static readonly (string Name, string[] Values)[] ValidFields =
    [
        (
            "destination",
            ["""{"name":"a"}""", """{"name":"a","namespace":"b","domain":"svc.cluster.local"}""", """{"service":"*.example.com"}"""]),
        ("precedence", ["0", "-5", "2147483647"]),
        (
            "match",
            [
                "{}",
                """{"source":{"name":"a","labels":{"version":"v1"}}}""",
                """{"tcp":{"sourceSubnet":["10.0.0.0/8"],"destinationSubnet":[]}}""",
                """{"request":{"headers":{"cookie":{"regex":"^(.*?;)?(user=jason)(;.*)?$"},"uri":{"prefix":"/a"},"x-b":{"exact":""}}}}""",
            ]),
        (
            "route",
            ["[{}]", """[{"labels":{"a":"b"},"weight":100}]""", """[{"destination":{"name":"b"},"weight":1},{"labels":{},"weight":99}]"""]),
        ("rewrite", ["""{"uri":"/"}""", """{"uri":"/a","authority":"example.com:80"}"""]),
        ("websocketUpgrade", ["true", "false"]),
        (
            "httpReqTimeout",
            ["{}", """{"simpleTimeout":{"timeout":"1m30s"}}""", """{"custom":{"@type":"x","httpReqTimeout":[1,null,{"a":"b"}]}}"""]),
        (
            "httpReqRetries",
            ["""{"simpleRetry":{"attempts":3,"perTryTimeout":"2.5s"}}""", """{"simpleRetry":{"attempts":0,"overrideHeaderName":"x"}}"""]),
        (
            "httpFault",
            [
                "{}",
                """{"delay":{"percent":0.25,"fixedDelay":"100ms"},"abort":{"percent":100,"httpStatus":503}}""",
                """{"abort":{"http2Error":"x"}}""",
            ]),
        ("mirror", ["""{"name":"m","labels":{"version":"v2"}}"""]),
        (
            "corsPolicy",
            [
                """{"allowOrigin":["*"],"allowMethods":["GET"],"allowHeaders":["x-a"],"exposeHeaders":["x-b"]"""
                    + ""","maxAge":"24h0m0s","allowCredentials":true}""",
            ]),
        ("appendHeaders", ["{}", """{"x-a":"b","x-c":"%CLIENT_IP%"}"""]),
    ];

    /// <summary>Specs with some of the fields.</summary>
    public static Gen<JsonObject> Valid =>
        Gen.CollectToList(ValidFields, known => Gen.OneOf(
            Gen.Elements(known.Values).Select(value => (known.Name, Value: (string?)value)),
            Gen.Constant((known.Name, Value: (string?)(known.Name == "destination" ? known.Values[0] : null)))))
        .Select(chosen => new JsonObject(chosen
            .Where(one => one.Value is not null)
            .Select(one => KeyValuePair.Create(one.Name, JsonNode.Parse(one.Value!)))));
}
