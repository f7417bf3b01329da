using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Turnpike.Samples.Httpbin.Requests;

namespace Turnpike.Samples.Httpbin.Endpoints;

/// <summary>Endpoints that describe the request.</summary>
internal static class InspectionEndpoints
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(10);

    internal static void MapInspection(this IEndpointRouteBuilder app, HttpbinOptions options)
    {
        app.MapMethods("/headers", Methods.Get, context => RespondAsync(context, "headers", RequestView.Headers(context.Request)));
        app.MapMethods("/ip", Methods.Get, context => RespondAsync(context, "origin", RequestView.Origin(context.Request)));
        app.MapMethods(
            "/user-agent", Methods.Get, context => RespondAsync(context, "user-agent", (string?)context.Request.Headers.UserAgent));
        app.MapMethods("/get", Methods.Get, context => context.Response.WriteJsonAsync(RequestView.Head(context.Request)));
        foreach (var method in (string[])["POST", "PUT", "DELETE", "PATCH"])
            app.MapMethods($"/{method.ToLowerInvariant()}", [method], context => DescribeAsync(context, withJson: true));

        app.Map("/anything/{**rest}", context => TellAnythingAsync(context, options));
        app.Map("/delay/{seconds}", context => DelayAsync(context, options));
    }

    private static Task RespondAsync(HttpContext context, string name, object? value) =>
        context.Response.WriteJsonAsync(new Dictionary<string, object?> { [name] = value });

    private static async Task DelayAsync(HttpContext context, HttpbinOptions options)
    {
        var text = (string)context.Request.RouteValues["seconds"]!;
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) || !(seconds >= 0))
        {
            await context.Response.WriteTextAsync(
                StatusCodes.Status400BadRequest, $"delay: \"{text}\" is not a number of seconds from 0 to 10\n");
            return;
        }

        var delay = TimeSpan.FromSeconds(Math.Min(seconds, LongestDelay.TotalSeconds));
        await Task.Delay(delay, options.TimeProvider, context.RequestAborted);
        await DescribeAsync(context, withJson: false);
    }

    private static Task DescribeAsync(HttpContext context, bool withJson) => DescribeAsync(context, tell =>
    {
        if (!withJson)
            tell.Remove("json");
    });

    private static Task TellAnythingAsync(HttpContext context, HttpbinOptions options) => DescribeAsync(context, tell =>
    {
        tell["method"] = context.Request.Method;
        if (options.VersionLabel is { } label)
            tell["version"] = label;
    });

    private static async Task DescribeAsync(HttpContext context, Action<OrderedDictionary<string, object?>> adjust)
    {
        RequestBody body;
        try
        {
            body = await RequestBody.ReadAsync(context.Request);
        }
        catch (BadHttpRequestException e)
        {
            await context.Response.WriteTextAsync(e.StatusCode, e.Message + "\n");
            return;
        }

        var tell = RequestView.Head(context.Request);
        tell["form"] = body.Form;
        tell["files"] = body.Files;
        tell["data"] = body.Data;
        tell["json"] = body.Json;
        adjust(tell);
        await context.Response.WriteJsonAsync(tell);
    }
}
