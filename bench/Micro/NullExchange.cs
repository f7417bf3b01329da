using System.Net;
using Turnpike.Pipeline;
using Turnpike.Routing;

namespace Turnpike.Bench.Micro;

/// <summary>A front that has the request already and throws the response away. It is used again and again, as Kestrel's is.</summary>
internal sealed class NullExchange : Exchange
{
    private readonly Sink _sink = new();

    public static ListenerBindings Listeners { get; } = new((IngressListeners.Http, ListenerProtocols.Http, 8080));

    public override ConnectionFacts Connection { get; } = new(Listeners[IngressListeners.Http], IPAddress.Loopback);

    public override BodyReader? RequestBody => null;

    public override BodyWriter ResponseBody => _sink;

    public override bool ResponseStarted => _sink.Started;

    public override CancellationToken ClientGone => CancellationToken.None;

    public long BytesWritten => _sink.Bytes;

    /// <summary>The next request: three headers besides the host.</summary>
    public void Begin()
    {
        Request.Clear();
        Response.Clear();
        Trace.Clear();
        _sink.Clear();
        Request.Method = "GET"u8;
        Request.Target = "/catalogue/items?page=2"u8;
        Request.Authority = "shop.example.com"u8;
        Request.Scheme = Connection.SchemeUtf8;
        Request.Version = HttpGeneration.Http11;
        Request.Headers.Add("user-agent"u8, "bench/1.0"u8);
        Request.Headers.Add("accept"u8, "*/*"u8);
        Request.Headers.Add("accept-encoding"u8, "gzip"u8);
    }

    /// <inheritdoc/>
    public override void AddTrailer(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
    }

    /// <inheritdoc/>
    public override ValueTask<ByteChannel> AcceptUpgradeAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Abort() => throw new InvalidOperationException("the pipeline broke the response off");

    private sealed class Sink : BodyWriter
    {
        public long Bytes { get; private set; }

        public bool Started { get; private set; }

        public void Clear()
        {
            Bytes = 0;
            Started = false;
        }

        /// <inheritdoc/>
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            Bytes += bytes.Length;
            Started = true;
            return default;
        }

        /// <inheritdoc/>
        public override ValueTask FlushAsync(CancellationToken cancellationToken) => default;
    }
}
