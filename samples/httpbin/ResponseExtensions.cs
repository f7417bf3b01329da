using System.Text;
using Microsoft.AspNetCore.Http;

namespace Turnpike.Samples.Httpbin;

internal static class ResponseExtensions
{
    internal static Task WriteJsonAsync(this HttpResponse response, object? value)
    {
        response.ContentType = "application/json";
        return response.WriteWholeAsync(FlaskJson.Indented(value));
    }

    internal static Task WriteTextAsync(this HttpResponse response, int status, string text, string type = "text/plain")
    {
        response.StatusCode = status;
        response.ContentType = $"{type}; charset=utf-8";
        return response.WriteWholeAsync(Encoding.UTF8.GetBytes(text));
    }

    private static Task WriteWholeAsync(this HttpResponse response, ReadOnlyMemory<byte> body)
    {
        response.ContentLength = body.Length;
        return response.Body.WriteAsync(body, response.HttpContext.RequestAborted).AsTask();
    }
}
