using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Turnpike.Samples.Httpbin.Requests;

namespace Turnpike.Samples.Httpbin.Endpoints;

/// <summary>Endpoints whose responses are streamed or large.</summary>
internal static class StreamEndpoints
{
    private const int MostLines = 100;
    private const int MostEvents = 1000;
    private const long MostBytes = 1L << 30;

    internal static void MapStreams(this IEndpointRouteBuilder app, HttpbinOptions options)
    {
        app.MapMethods("/stream/{n:int:min(0)}", Methods.Get, LinesAsync);
        app.MapMethods("/bytes/{n:long:min(0)}", Methods.Get, BytesAsync);
        app.MapMethods("/sse", Methods.Get, context => EventsAsync(context, options.TimeProvider));
    }

    private static async Task LinesAsync(HttpContext context)
    {
        var count = Math.Min(int.Parse((string)context.Request.RouteValues["n"]!, CultureInfo.InvariantCulture), MostLines);
        var line = RequestView.Head(context.Request);
        context.Response.ContentType = "application/json";
        for (var id = 0; id < count; id++)
        {
            line["id"] = id;
            await WriteAndFlushAsync(context, FlaskJson.Line(line));
        }
    }

    /// <summary>
    /// Sends random bytes. The same seed yields the same bytes. The limit is 1 GiB for tests with large bodies; httpbin's is 100 KiB.
    /// </summary>
    private static async Task BytesAsync(HttpContext context)
    {
        var count = Math.Min(long.Parse((string)context.Request.RouteValues["n"]!, CultureInfo.InvariantCulture), MostBytes);
        long seed = Random.Shared.NextInt64();
        if (context.Request.Query.TryGetValue("seed", out var text)
            && !long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out seed))
        {
            await context.Response.WriteTextAsync(StatusCodes.Status400BadRequest, $"seed: \"{text}\" is not a whole number\n");
            return;
        }

        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = count;
        if (HttpMethods.IsHead(context.Request.Method))
            return;

        var buffer = new byte[64 * 1024];
        var state = (ulong)seed;
        for (var left = count; left > 0;)
        {
            var length = (int)Math.Min(left, buffer.Length);
            Fill(buffer, ref state);
            await context.Response.Body.WriteAsync(buffer.AsMemory(0, length), context.RequestAborted);
            left -= length;
        }
    }

    /// <summary>The generator SplitMix64, which is fast and yields the same bytes on every machine.</summary>
    private static void Fill(Span<byte> buffer, ref ulong state)
    {
        for (var i = 0; i < buffer.Length; i += sizeof(ulong))
        {
            state += 0x9E3779B97F4A7C15;
            var mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            BinaryPrimitives.WriteUInt64LittleEndian(buffer[i..], mixed ^ (mixed >> 31));
        }
    }

    private static async Task EventsAsync(HttpContext context, TimeProvider time)
    {
        if (!TryReadNumber(context, "count", 10, MostEvents, out var count) || !TryReadNumber(context, "interval", 1, 10, out var interval))
        {
            await context.Response.WriteTextAsync(
                StatusCodes.Status400BadRequest, $"sse: count is a number from 0 to {MostEvents}, interval one of seconds from 0 to 10\n");
            return;
        }

        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        for (var id = 0; id < (int)count; id++)
        {
            if (id > 0 && interval > 0)
                await Task.Delay(TimeSpan.FromSeconds(interval), time, context.RequestAborted);
            await WriteAndFlushAsync(context, Encoding.ASCII.GetBytes($"event: ping\nid: {id}\ndata: {{\"id\": {id}}}\n\n"));
        }
    }

    private static bool TryReadNumber(HttpContext context, string name, double absent, double most, out double value)
    {
        value = absent;
        return !context.Request.Query.TryGetValue(name, out var text)
            || (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value) && value <= most);
    }

    private static async Task WriteAndFlushAsync(HttpContext context, ReadOnlyMemory<byte> piece)
    {
        await context.Response.Body.WriteAsync(piece, context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
