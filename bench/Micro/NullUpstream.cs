using System.Runtime.CompilerServices;
using Turnpike.Pipeline;

namespace Turnpike.Bench.Micro;

/// <summary>An upstream client that has the same response for every request: itself. It serves one request at a time.</summary>
internal sealed class NullUpstream : UpstreamResponse, IUpstreamClient
{
    public const int BodyLength = 1024;

    private readonly MemoryBody _body = new(new byte[BodyLength]);

    /// <summary>True when the response comes from another thread, after the request was sent.</summary>
    public bool Waits { get; init; }

    public override int Status => 200;

    public override BodyReader Body => _body;

    /// <inheritdoc/>
    public ValueTask<UpstreamResponse> SendAsync(UpstreamRequest request, CancellationToken cancellationToken)
    {
        _body.TryRewind();
        return Waits ? WaitAsync() : new(this);
    }

    /// <inheritdoc/>
    public override void CopyHeadersTo(HeaderList headers)
    {
        headers.Add("content-type"u8, "application/octet-stream"u8);
        headers.Add("content-length"u8, "1024"u8);
        headers.Add("date"u8, "Wed, 25 Nov 2026 00:00:00 GMT"u8);
    }

    /// <inheritdoc/>
    public override void CopyTrailersTo(Exchange exchange)
    {
    }

    /// <inheritdoc/>
    public override ByteChannel TakeConnection() => throw new NotSupportedException();

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => default;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<UpstreamResponse> WaitAsync()
    {
        await Task.Yield();
        return this;
    }
}
