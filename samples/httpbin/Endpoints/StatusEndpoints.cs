using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Turnpike.Samples.Httpbin.Endpoints;

/// <summary>Endpoints that respond with the status or the chain of redirects that the caller asks for.</summary>
internal static class StatusEndpoints
{
    internal static void MapStatus(this IEndpointRouteBuilder app)
    {
        app.Map("/status/{codes}", StatusAsync);
        app.MapMethods("/redirect/{n:int:min(1)}", Methods.Get, Redirect);
    }

    private static Task Redirect(HttpContext context)
    {
        var n = int.Parse((string)context.Request.RouteValues["n"]!, CultureInfo.InvariantCulture);
        context.Response.Redirect(n == 1 ? "/get" : $"/redirect/{(n - 1).ToString(CultureInfo.InvariantCulture)}");
        return Task.CompletedTask;
    }

    private static Task StatusAsync(HttpContext context)
    {
        var text = (string)context.Request.RouteValues["codes"]!;
        return TryReadCodes(text, out var choices)
            ? RespondAsync(context, Choose(choices))
            : context.Response.WriteTextAsync(
                StatusCodes.Status400BadRequest,
                $"status: \"{text}\" is not a code from 200 to 999, nor a list of such codes with weights as in 200:9,503:1\n");
    }

    private static bool TryReadCodes(string text, out List<(int Code, double Weight)> choices)
    {
        choices = [];
        foreach (var choice in text.Split(','))
        {
            var (codeText, weightText) = choice.Split(':', 2) is [var left, var right] ? (left, right) : (choice, "1");
            if (!int.TryParse(codeText, NumberStyles.None, CultureInfo.InvariantCulture, out var code) || code is < 200 or > 999
                || !double.TryParse(weightText, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var weight))
            {
                return false;
            }

            choices.Add((code, weight));
        }

        return true;
    }

    private static int Choose(List<(int Code, double Weight)> choices)
    {
        var point = Random.Shared.NextDouble() * choices.Sum(choice => choice.Weight);
        foreach (var (code, weight) in choices)
        {
            point -= weight;
            if (point < 0)
                return code;
        }

        return choices[^1].Code;
    }

    private static Task RespondAsync(HttpContext context, int code)
    {
        var response = context.Response;
        response.StatusCode = code;
        switch (code)
        {
            case 301 or 302 or 303 or 305 or 307:
                response.Headers.Location = "/redirect/1";
                return Task.CompletedTask;
            case 401:
                response.Headers.WWWAuthenticate = "Basic realm=\"Fake Realm\"";
                return Task.CompletedTask;
            case 402:
                return response.WriteTextAsync(code, "The toll is due before the gate opens.\n");
            case 406:
                return response.WriteJsonAsync(new Dictionary<string, object?>
                {
                    ["message"] = "Client did not request a supported media type.",
                    ["accept"] = new List<object?> { "image/webp", "image/svg+xml", "image/jpeg", "image/png", "image/*" },
                });
            case 407:
                response.Headers.ProxyAuthenticate = "Basic realm=\"Fake Realm\"";
                return Task.CompletedTask;
            case 418:
                response.Headers["X-More-Info"] = "https://www.rfc-editor.org/rfc/rfc2324";
                return response.WriteTextAsync(code, "I am a teapot: short, stout, and no use for coffee.\n");
            default:
                return Task.CompletedTask;
        }
    }
}
