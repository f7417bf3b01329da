using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Turnpike.OperatorSdk;

namespace Turnpike.Tests.Hosting.OperatorSdk;

public sealed class ValidationWebhookTests
{
    [Theory]
    [InlineData("CREATE", 5, null, """{"uid":"u","allowed":true}""")]
    [InlineData("CREATE", 500, null, """{"uid":"u","allowed":true,"warnings":["spec.size: large"]}""")]
    [InlineData(
        "CREATE",
        -1,
        null,
        """{"uid":"u","allowed":false"""
            + ""","status":{"status":"Failure","message":"spec.size: Invalid value: must not be negative","reason":"Invalid","code":422}}"""
    )]
    [InlineData(
        "CREATE",
        0,
        null,
        """{"uid":"u","allowed":false,"status":{"status":"Failure","message":"no size","reason":"Forbidden","code":403}}""")]
    [InlineData(
        "CREATE",
        13,
        null,
        """{"uid":"u","allowed":false"""
            + ""","status":{"status":"Failure","message":"the check at /validate/widget failed; see the log of the operator"""
            + """, and try again","reason":"ServiceUnavailable","code":503}}""")]
    [InlineData("UPDATE", 5, 4, """{"uid":"u","allowed":true}""")]
    [InlineData(
        "UPDATE",
        4,
        5,
        """{"uid":"u","allowed":false"""
            + ""","status":{"status":"Failure","message":"spec.size: must not shrink (dry run)","reason":"Invalid","code":422}}""")]
    [InlineData("DELETE", null, 1, """{"uid":"u","allowed":true}""")]
    [InlineData(
        "DELETE",
        null,
        7,
        """{"uid":"u","allowed":false,"status":{"status":"Failure","message":"the object is not valid","reason":"Forbidden","code":403}}"""
    )]
    [InlineData(
        "CREATE",
        null,
        null,
        """{"uid":"u","allowed":false,"status":{"status":"Failure","message":"operation Create without its object is not supported","reason":"Invalid","code":422}}"""
    )]
    [InlineData(
        "CREATE",
        "five",
        null,
        """{"uid":"u","allowed":false"""
            + ""","status":{"status":"Failure","message":"$.spec.size: cannot be read as Widget","reason":"Invalid","code":422}}""")]
    public async Task Webhook_Answers(string operation, object? size, object? oldSize, string response)
    {
        var cancelled = TestContext.Current.CancellationToken;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddOperatorWebhooks(typeof(WidgetWebhook).Assembly);
        await using var app = builder.Build();
        app.MapOperatorWebhooks(typeof(WidgetWebhook).Assembly);
        await app.StartAsync(cancelled);
        using var client = new HttpClient { BaseAddress = new(app.Urls.First()) };
        var review = new JsonObject
        {
            ["apiVersion"] = "admission.k8s.io/v1",
            ["kind"] = "AdmissionReview",
            ["request"] = new JsonObject
            {
                ["uid"] = "u",
                ["operation"] = operation,
                ["dryRun"] = true,
                ["kind"] = new JsonObject { ["kind"] = "Widget" },
                ["resource"] = new JsonObject { ["resource"] = "widgets" },
                ["object"] = Widget(size),
                ["oldObject"] = Widget(oldSize),
            },
        };

        using var answer = await client.PostAsJsonAsync(new Uri("/validate/widget", UriKind.Relative), review, cancelled);
        var got = JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancelled))!;
        Assert.Equal(response, got["response"]!.ToJsonString());
    }

    private static JsonObject? Widget(object? size) => size is null
        ? null
        : new() { ["metadata"] = new JsonObject { ["name"] = "a" }, ["spec"] = new JsonObject { ["size"] = JsonValue.Create(size) } };
}
