using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Turnpike.Samples.Httpbin.Requests;

/// <summary>The body of a request as httpbin presents it: <c>form</c>, <c>files</c>, <c>data</c> and <c>json</c>.</summary>
internal sealed record RequestBody(
    IReadOnlyDictionary<string, object?> Form, IReadOnlyDictionary<string, object?> Files, string Data, object? Json)
{
    /// <summary>The limit for a body that is presented, because it is in memory several times. <c>/echo</c> takes larger ones.</summary>
    internal const int MaxLength = 256 * 1024 * 1024;

    private static readonly Dictionary<string, object?> None = [];
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="BadHttpRequestException">The body is longer than <see cref="MaxLength"/>, or malformed.</exception>
    internal static async Task<RequestBody> ReadAsync(HttpRequest request)
    {
        var bytes = await ReadAllAsync(request);
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type))
            type = null;

        if (type is not null && type.MediaType.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
            return new RequestBody(RequestView.Multi(RequestView.Pairs(Encoding.UTF8.GetString(bytes.Span))), None, "", null);

        var boundary = type is null ? default : HeaderUtilities.RemoveQuotes(type.Boundary);
        if (type is not null && type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase) && boundary.Length > 0)
            return await ReadMultipartAsync(bytes, boundary.ToString(), request.HttpContext.RequestAborted);

        return new RequestBody(None, None, Text(bytes.Span, null), FlaskJson.TryParse(bytes, out var json) ? json : null);
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAllAsync(HttpRequest request)
    {
        using var buffer = new MemoryStream();
        var chunk = new byte[64 * 1024];
        for (int read; (read = await request.Body.ReadAsync(chunk, request.HttpContext.RequestAborted)) > 0;)
        {
            if (buffer.Length + read > MaxLength)
            {
                throw new BadHttpRequestException(
                    $"body longer than {MaxLength} bytes: send it to /sink or /echo", StatusCodes.Status413PayloadTooLarge);
            }

            buffer.Write(chunk, 0, read);
        }

        return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
    }

    private static async Task<RequestBody> ReadMultipartAsync(
        ReadOnlyMemory<byte> bytes, string boundary, CancellationToken cancellationToken)
    {
        var form = new List<KeyValuePair<string, object?>>();
        var files = new List<KeyValuePair<string, object?>>();
        try
        {
            using var stream = new MemoryStream(bytes.ToArray(), writable: false);
            var reader = new MultipartReader(boundary, stream);
            while (await reader.ReadNextSectionAsync(cancellationToken) is { } section)
            {
                if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition))
                    continue;

                using var content = new MemoryStream();
                await section.Body.CopyToAsync(content, cancellationToken);
                var isFile = disposition.FileName.HasValue || disposition.FileNameStar.HasValue;
                var value = Text(content.GetBuffer().AsSpan(0, (int)content.Length), section.ContentType);
                (isFile ? files : form).Add(new(HeaderUtilities.RemoveQuotes(disposition.Name).ToString(), value));
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw new BadHttpRequestException($"multipart body cannot be read: {e.Message}", e);
        }

        return new RequestBody(RequestView.Multi(form), RequestView.Multi(files), "", null);
    }

    /// <summary>Returns text as it is, and anything else as a data URL.</summary>
    private static string Text(ReadOnlySpan<byte> bytes, string? contentType)
    {
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return $"data:{contentType ?? "application/octet-stream"};base64,{Convert.ToBase64String(bytes)}";
        }
    }
}
