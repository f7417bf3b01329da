using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Turnpike.Samples.Httpbin.Endpoints;

/// <summary>Endpoints that httpbin does not have, for bodies of any size. No body is held in memory.</summary>
internal static class BodyEndpoints
{
    internal static void MapBodies(this IEndpointRouteBuilder app)
    {
        app.MapMethods("/echo", Methods.WithBody, EchoAsync);
        app.MapMethods("/sink", Methods.WithBody, SinkAsync);
    }

    /// <summary>Sends each piece of the body back as soon as it arrives.</summary>
    private static async Task EchoAsync(HttpContext context)
    {
        context.Response.ContentType = context.Request.ContentType ?? "application/octet-stream";
        await context.Response.StartAsync(context.RequestAborted);
        var buffer = new byte[64 * 1024];
        for (int read; (read = await context.Request.Body.ReadAsync(buffer, context.RequestAborted)) > 0;)
        {
            await context.Response.Body.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    /// <summary>Reads the body to its end and responds with its length and digest.</summary>
    private static async Task SinkAsync(HttpContext context)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[64 * 1024];
        var length = 0L;
        for (int read; (read = await context.Request.Body.ReadAsync(buffer, context.RequestAborted)) > 0; length += read)
            hash.AppendData(buffer, 0, read);

        await context.Response.WriteJsonAsync(new Dictionary<string, object?>
        {
            ["length"] = new FlaskJson.RawNumber(length.ToString(CultureInfo.InvariantCulture)),
            ["sha256"] = Convert.ToHexStringLower(hash.GetHashAndReset()),
        });
    }
}
