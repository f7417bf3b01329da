using System.Net;
using System.Text;
using Turnpike.Http;
using Turnpike.Pipeline;
using Turnpike.Routing;

namespace Turnpike.Tests.Support.Proxy;

/// <summary>A request and its response in memory.</summary>
internal sealed class FakeExchange : Exchange
{
    private readonly Sink _sink;
    private readonly BodyReader? _requestBody;

    public FakeExchange(string method = "GET", string target = "/", BodyReader? body = null, string peer = "9.9.9.9", string listener = IngressListeners.Http)
    {
        _sink = new Sink(this);
        _requestBody = body;
        Connection = new ConnectionFacts(Listeners[listener], IPAddress.Parse(peer));
        Request.Method = WireText.Encoding.GetBytes(method);
        Request.Target = WireText.Encoding.GetBytes(target);
        Request.Authority = "a.example.com:8080"u8;
        Request.Scheme = Connection.SchemeUtf8;
        Request.Version = HttpGeneration.Http11;
    }

    /// <summary>The sockets that a request may seem to come in by.</summary>
    public static ListenerBindings Listeners { get; } =
        new((IngressListeners.Http, ListenerProtocols.Http, 80), (IngressListeners.Https, ListenerProtocols.Https, 443));

    public override ConnectionFacts Connection { get; }

    public override BodyReader? RequestBody => _requestBody;

    public override BodyWriter ResponseBody => _sink;

    public override bool ResponseStarted => _sink.Started;

    public override CancellationToken ClientGone => Gone;

    public CancellationToken Gone { get; init; }

    public bool Aborted { get; private set; }

    public List<(string Name, string Value)> Trailers { get; } = [];

    public string Text => Encoding.ASCII.GetString(_sink.Bytes.ToArray());

    public FakeExchange With(params (string Name, string Value)[] headers)
    {
        foreach (var (name, value) in headers)
            Request.Headers.Add(name, value);
        return this;
    }

    public override void AddTrailer(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Trailers.Add((name.Text(), value.Text()));

    /// <summary>The connection that is handed over when the pipeline accepts an upgrade.</summary>
    public ByteChannel? Upgrade { get; init; }

    public override ValueTask<ByteChannel> AcceptUpgradeAsync(CancellationToken cancellationToken) =>
        new(Upgrade ?? throw new NotSupportedException());

    public override void Abort() => Aborted = true;

    private sealed class Sink(FakeExchange exchange) : BodyWriter
    {
        public MemoryStream Bytes { get; } = new();

        public bool Started { get; private set; }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Started = true;
            Bytes.Write(bytes.Span);
            return default;
        }

        public override ValueTask FlushAsync(CancellationToken cancellationToken)
        {
            Assert.False(exchange.Aborted);
            Started = true;
            return default;
        }
    }
}
