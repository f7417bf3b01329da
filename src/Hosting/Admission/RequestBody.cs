using System.Buffers;
using System.Net.Mime;
using Microsoft.AspNetCore.Http;
using Turnpike.Hosting.Serving;

namespace Turnpike.Hosting.Admission;

/// <summary>A whole request body in a rented buffer, which is paid for out of a budget as it grows: what is announced and not sent costs nothing.</summary>
internal sealed class RequestBody : IDisposable
{
    private const int FirstSize = 16 * 1024;
    private readonly FairBudget<PeerAddress>.Share _share;
    private byte[] _buffer = [];
    private int _length;
    private int _paid;

    private RequestBody(FairBudget<PeerAddress>.Share share) => _share = share;

    public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(0, _length);

    /// <summary>Reads a JSON body of at most <paramref name="limit"/> bytes.</summary>
    /// <exception cref="UnacceptableException">It is not read: it is no JSON, too large, or there is no room for it.</exception>
    public static async Task<RequestBody> ReadAsync(HttpRequest request, int limit, FairBudget<PeerAddress>.Share share, CancellationToken ct)
    {
        var type = request.ContentType?.Split(';', 2)[0].Trim();
        if (!string.Equals(type, MediaTypeNames.Application.Json, StringComparison.OrdinalIgnoreCase))
        {
            throw new UnacceptableException(
                StatusCodes.Status415UnsupportedMediaType, $"content type \"{SafeText.Of(request.ContentType, 64)}\" is not application/json");
        }

        if (request.ContentLength > limit)
            throw TooLarge(limit);

        var body = new RequestBody(share);
        try
        {
            await body.FillAsync(request.Body, limit, ct);
            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private static UnacceptableException TooLarge(int limit) =>
        new(StatusCodes.Status413PayloadTooLarge, $"the body is larger than {limit} bytes");

    private async Task FillAsync(Stream source, int limit, CancellationToken ct)
    {
        // Where the buffer is as large as the limit, one more byte is one too many.
        var beyond = new byte[1];
        while (true)
        {
            if (_length == _buffer.Length && _length < limit)
                Grow(limit);
            var free = _length < limit ? _buffer.AsMemory(_length, Math.Min(_buffer.Length, limit) - _length) : beyond;
            int read;
            try
            {
                read = await source.ReadAsync(free, ct);
            }
            catch (BadHttpRequestException e)
            {
                throw new UnacceptableException(e.StatusCode, e.Message);
            }

            if (read == 0)
                return;
            if (_length == limit)
                throw TooLarge(limit);
            _length += read;
        }
    }

    private void Grow(int limit)
    {
        var size = _buffer.Length == 0 ? FirstSize : (int)Math.Min(_buffer.Length * 2L, Math.Max(limit, FirstSize));
        // Both are there while one is copied into the other.
        if (!_share.TryGrow(size))
            throw new UnacceptableException(StatusCodes.Status503ServiceUnavailable, "too many bodies are being read; try again");
        var larger = ArrayPool<byte>.Shared.Rent(size);
        _buffer.CopyTo(larger, 0);
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _share.Shrink(_paid);
        (_buffer, _paid) = (larger, size);
    }

    /// <summary>The request is not one that is answered with a review.</summary>
    internal sealed class UnacceptableException(int status, string message) : Exception(message)
    {
        public int Status => status;
    }
}
