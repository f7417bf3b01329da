using System.Buffers;
using System.IO.Pipelines;
using System.Net.Mime;
using Microsoft.AspNetCore.Http;
using Turnpike.Hosting.Serving;

namespace Turnpike.Hosting.Admission;

/// <summary>
/// A whole request body in a rented buffer. The buffer takes from a budget as it grows, so that a length that is only announced costs
/// nothing.
/// </summary>
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
    /// <exception cref="UnacceptableException">The body is not JSON, is too large, or the budget has no room for it.</exception>
    public static async Task<RequestBody> ReadAsync(
        HttpRequest request, int limit, FairBudget<PeerAddress>.Share share, CancellationToken ct)
    {
        var type = request.ContentType?.Split(';', 2)[0].Trim();
        if (!string.Equals(type, MediaTypeNames.Application.Json, StringComparison.OrdinalIgnoreCase))
        {
            throw new UnacceptableException(
                StatusCodes.Status415UnsupportedMediaType,
                $"content type \"{SafeText.Of(request.ContentType, 64)}\" is not application/json");
        }

        if (request.ContentLength > limit)
            throw TooLarge(limit);

        var body = new RequestBody(share);
        try
        {
            await body.FillAsync(request.BodyReader, limit, ct);
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

    private async Task FillAsync(PipeReader source, int limit, CancellationToken ct)
    {
        // The token is not passed to the read, because that would leave the reader in the middle of it, and Kestrel would log an error.
        await using var cancelled = ct.Register(source.CancelPendingRead);
        while (true)
        {
            ReadResult read;
            try
            {
                read = await source.ReadAsync(CancellationToken.None);
            }
            catch (BadHttpRequestException e)
            {
                throw new UnacceptableException(e.StatusCode, e.Message);
            }

            try
            {
                ct.ThrowIfCancellationRequested();
                foreach (var part in read.Buffer)
                    Append(part.Span, limit);
            }
            finally
            {
                source.AdvanceTo(read.Buffer.End);
            }
            if (read.IsCompleted)
                return;
        }
    }

    private void Append(ReadOnlySpan<byte> part, int limit)
    {
        if (_length + part.Length > limit)
            throw TooLarge(limit);
        while (_length + part.Length > Math.Min(_buffer.Length, limit))
            Grow(limit);
        part.CopyTo(_buffer.AsSpan(_length));
        _length += part.Length;
    }

    private void Grow(int limit)
    {
        var size = _buffer.Length == 0 ? FirstSize : (int)Math.Min(_buffer.Length * 2L, Math.Max(limit, FirstSize));
        // Both buffers exist while the old one is copied, so both are counted until then.
        if (!_share.TryGrow(size))
            throw new UnacceptableException(StatusCodes.Status503ServiceUnavailable, "too many bodies are being read; try again");
        var larger = ArrayPool<byte>.Shared.Rent(size);
        _buffer.CopyTo(larger, 0);
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _share.Shrink(_paid);
        (_buffer, _paid) = (larger, size);
    }

    /// <summary>The request gets an error status instead of a review.</summary>
    internal sealed class UnacceptableException(int status, string message) : Exception(message)
    {
        public int Status => status;
    }
}
