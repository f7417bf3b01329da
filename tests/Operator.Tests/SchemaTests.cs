using System.Text.Json.Nodes;
using Turnpike.Api.RouteRules;
using Turnpike.Operator.Manifests;

namespace Turnpike.Tests.Operator;

/// <summary>The bounds that the CRD's schema holds are those of the validators: neither refuses what the other lets pass.</summary>
public sealed class SchemaTests
{
    private static readonly JsonNode Spec =
        RouteRuleCrd.Build()["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!;

    public static TheoryData<string, string> Bounded => new()
    {
        { "route.items.weight", """{"route": [{"weight": VALUE}]}""" },
        { "http_req_retries.simple_retry.attempts", """{"http_req_retries": {"simple_retry": {"attempts": VALUE}}}""" },
        { "http_fault.delay.percent", """{"http_fault": {"delay": {"fixed_delay": "1s", "percent": VALUE}}}""" },
        { "http_fault.abort.percent", """{"http_fault": {"abort": {"http_status": 500, "percent": VALUE}}}""" },
        { "http_fault.abort.http_status", """{"http_fault": {"abort": {"http_status": VALUE}}}""" },
    };

    [Theory]
    [MemberData(nameof(Bounded))]
    public void Bounds_AreThoseOfTheValidator(string path, string spec)
    {
        var schema = At(path);
        var least = (long)schema["minimum"]!;
        Assert.True(IsValid(spec, least));
        Assert.False(IsValid(spec, least - 1));
        if (schema["maximum"] is { } most)
        {
            Assert.True(IsValid(spec, (long)most));
            Assert.False(IsValid(spec, (long)most + 1));
        }
    }

    [Fact]
    public void LongestRegex_IsThatOfTheValidator()
    {
        var length = (int)At("match.request.headers.values.regex")["maxLength"]!;
        static string Spec(int length) =>
            "{\"match\": {\"request\": {\"headers\": {\"uri\": {\"regex\": \"" + new string('a', length) + "\"}}}}}";
        Assert.True(IsValid(Spec(length), 0));
        Assert.False(IsValid(Spec(length + 1), 0));
    }

    private static JsonNode At(string path) => path.Split('.').Aggregate(Spec, (node, name) => name switch
    {
        "items" => node["items"]!,
        "values" => node["additionalProperties"]!,
        _ => node["properties"]![name]!,
    });

    private static bool IsValid(string spec, long value)
    {
        var body = JsonNode
            .Parse(spec.Replace("VALUE", value.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal))!
            .AsObject();
        body["destination"] = new JsonObject { ["name"] = "httpbin" };
        var errors = RouteRuleReader.Read(new JsonObject
        {
            ["apiVersion"] = "config.istio.io/v1alpha2",
            ["kind"] = "RouteRule",
            ["metadata"] = new JsonObject { ["name"] = "x", ["namespace"] = "default" },
            ["spec"] = body,
        }).Errors;
        // The rule that weights must total 100 is no bound of the value.
        return errors.All(e => e.ToString().Contains("total", StringComparison.Ordinal));
    }
}
