using System.Text.Json.Nodes;
using Turnpike.Api.RouteRules;
using Turnpike.Primitives;
using Turnpike.Reading;

namespace Turnpike.Tests.Api;

public sealed class RouteRuleTests
{
    [Fact]
    public void Reads_EveryField()
    {
        var rule = Read("""
            {
              "destination": {"name": "reviews", "namespace": "prod"},
              "precedence": 2,
              "match": {"request": {"headers": {"uri": {"prefix": "/api/"}, "cookie": {"regex": "a.*"}}}},
              "route": [{"labels": {"version": "v1"}, "weight": 40}, {"weight": 60}],
              "http_req_timeout": {"simple_timeout": {"timeout": "1.5s"}},
              "http_fault": {"abort": {"percent": 12.5, "http_status": 503}},
              "cors_policy": {"allow_origin": ["*"], "allow_credentials": true, "max_age": "1h"},
              "append_headers": {"x-a": "b"}
            }
            """);

        Assert.Equal("reviews", rule.Spec.Destination?.Name);
        Assert.Equal(2, rule.Spec.Precedence);
        Assert.Equal("/api/", rule.Spec.Match?.Request?.Headers?["uri"].Prefix);
        Assert.Equal(new int?[] { 40, 60 }, rule.Spec.Route!.Value.Select(t => t.Weight));
        Assert.Equal("v1", rule.Spec.Route.Value[0].Labels?["version"]);
        Assert.Equal(TimeSpan.FromSeconds(1.5), rule.Spec.HttpReqTimeout?.SimpleTimeout?.Timeout?.TimeSpan);
        Assert.Equal(12.5, rule.Spec.HttpFault?.Abort?.Percent);
        Assert.True(rule.Spec.CorsPolicy?.AllowCredentials);
        Assert.Equal("b", rule.Spec.AppendHeaders?["x-a"]);
        Assert.Null(rule.Spec.WebsocketUpgrade);
    }

    [Fact]
    public void Reads_Metadata()
    {
        var rule = RouteRuleReader.Read(JsonNode.Parse("""
            {
              "metadata": {
                "name": "r", "namespace": "n", "uid": "u", "resourceVersion": "7", "generation": 4,
                "creationTimestamp": "2018-01-02T03:04:05Z", "labels": {"a": "b"}, "annotations": {"c": "d"}
              },
              "spec": {"destination": {"name": "a"}}
            }
            """)!.AsObject()).Value!;

        Assert.Equal("n/r", rule.Metadata.ToString());
        Assert.Equal(("u", "7", 4L), (rule.Metadata.Uid, rule.Metadata.ResourceVersion, rule.Metadata.Generation));
        Assert.Equal(new DateTimeOffset(2018, 1, 2, 3, 4, 5, TimeSpan.Zero), rule.Metadata.CreationTimestamp);
        Assert.Equal("b", rule.Metadata.Labels["a"]);
        Assert.Equal("d", rule.Metadata.Annotations["c"]);
    }

    [Fact]
    public void Writes_CamelCase_AndOmitsWhatIsAbsent()
    {
        var rule = Read("""{"destination": {"name": "a"}, "http_req_timeout": {"simple_timeout": {"timeout": "90s"}}}""");

        Assert.Equal(
            """
            {"apiVersion":"config.istio.io/v1alpha2","kind":"RouteRule","metadata":{"name":"rule"},"spec":{"destination":{"name":"a"},"httpReqTimeout":{"simpleTimeout":{"timeout":"1m30s"}}}}
            """,
            RouteRuleWriter.Write(rule).ToJsonString());
    }

    [Fact]
    public void Refuses_ToAppendAHeaderThatFramesAMessage()
    {
        foreach (var name in FramingHeaders.Names)
        {
            var spec = new JsonObject
            {
                ["destination"] = new JsonObject { ["name"] = "a" },
                ["append_headers"] = new JsonObject { [name] = "b" },
            };
            var raw = new JsonObject { ["metadata"] = new JsonObject { ["name"] = "r" }, ["spec"] = spec };

            var error = Assert.Single(RouteRuleReader.Read(raw).Errors);
            Assert.Equal(($"spec.append_headers[{name}]", FieldErrorKind.Forbidden), (error.Path, error.Kind));
        }
    }

    [Theory]
    [InlineData("L4Fault", "l4Fault", "l4_fault")]
    [InlineData("HttpReqTimeout", "httpReqTimeout", "http_req_timeout")]
    [InlineData("WebsocketUpgrade", "websocketUpgrade", "websocket_upgrade")]
    [InlineData("Mirror", "mirror", "mirror")]
    public void Schema_KnowsBothSpellings(string property, string camel, string snake)
    {
        var field = MessageSchema.RouteRuleSpec.Fields.Single(f => f.Name == camel);

        Assert.Equal(snake, field.SnakeName);
        Assert.Same(field, MessageSchema.RouteRuleSpec.Find(snake));
        Assert.Null(camel == property ? null : MessageSchema.RouteRuleSpec.Find(property));
    }

    [Fact]
    public void Schema_DescribesEveryField()
    {
        var messages = new HashSet<MessageSchema>();
        Visit(MessageSchema.RouteRuleSpec);
        Assert.True(messages.Count > 15);
        Assert.NotNull(messages.Single(m => m.Name == nameof(FaultAbort)).Find("http2_error"));
        Assert.NotNull(messages.Single(m => m.Name == nameof(L4Throttle)).Find("downstream_limit_bps"));

        void Visit(MessageSchema message)
        {
            if (!messages.Add(message))
                return;
            Assert.NotEmpty(message.Description);
            Assert.All(message.Fields, field => Assert.NotEmpty(field.Description));
            foreach (var field in message.Fields)
            {
                if (field.Message is not null)
                    Visit(field.Message);
            }
        }
    }

    private static RouteRule Read(string spec)
    {
        var decoded = RouteRuleReader.Read(new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "rule" },
            ["spec"] = JsonNode.Parse(spec),
        });
        Assert.Empty(decoded.Errors);
        return decoded.Value!;
    }
}
