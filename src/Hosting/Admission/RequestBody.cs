using System.Buffers;
using System.Net.Mime;
using Microsoft.AspNetCore.Http;

namespace Turnpike.Hosting.Admission;

/// <summary>A whole request body in a rented buffer.</summary>
internal sealed class RequestBody : IDisposable
{
    private const int FirstSize = 16 * 1024;
    private byte[] _buffer;
    private int _length;

    private RequestBody(int size) => _buffer = ArrayPool<byte>.Shared.Rent(size);

    public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(0, _length);

    /// <summary>Reads a JSON body of at most <paramref name="limit"/> bytes.</summary>
    public static async Task<RequestBody> ReadAsync(HttpRequest request, int limit)
    {
        var type = request.ContentType?.Split(';', 2)[0].Trim();
        if (!string.Equals(type, MediaTypeNames.Application.Json, StringComparison.OrdinalIgnoreCase))
        {
            throw new UnacceptableException(
                StatusCodes.Status415UnsupportedMediaType, $"content type \"{request.ContentType}\" is not application/json");
        }

        if (request.ContentLength > limit)
            throw TooLarge(limit);

        var body = new RequestBody((int)(request.ContentLength ?? FirstSize) + 1);
        try
        {
            await body.FillAsync(request.Body, limit, request.HttpContext.RequestAborted);
            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    private static UnacceptableException TooLarge(int limit) =>
        new(StatusCodes.Status413PayloadTooLarge, $"the body is larger than {limit} bytes");

    private async Task FillAsync(Stream source, int limit, CancellationToken ct)
    {
        while (true)
        {
            if (_length == _buffer.Length)
                Grow();
            int read;
            try
            {
                read = await source.ReadAsync(_buffer.AsMemory(_length), ct);
            }
            catch (BadHttpRequestException e)
            {
                throw new UnacceptableException(e.StatusCode, e.Message);
            }

            if (read == 0)
                return;
            _length += read;
            if (_length > limit)
                throw TooLarge(limit);
        }
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        _buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }

    /// <summary>The request is not one that is answered with a review.</summary>
    internal sealed class UnacceptableException(int status, string message) : Exception(message)
    {
        public int Status => status;
    }
}
