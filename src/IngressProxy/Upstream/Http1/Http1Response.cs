using System.Net.Sockets;
using Turnpike.Http;
using Turnpike.Http.Http1;
using Turnpike.Pipeline;

namespace Turnpike.IngressProxy.Upstream.Http1;

/// <summary>A response whose head has arrived. The request may still be on its way.</summary>
internal sealed class Http1Response : UpstreamResponse
{
    private readonly ConnectionPool _pool;
    private readonly PoolKey _key;
    private readonly Http1Connection _connection;
    private readonly RequestSender _sender;
    private readonly Action<string> _malformed;
    private readonly HeaderList _headers = new();
    private readonly ResponseBody _body;
    private readonly bool _keepsAlive;
    private bool _gone;

    /// <summary>Takes the head that the connection has just received.</summary>
    /// <param name="pool">Gets the connection when the response has ended as it should.</param>
    /// <param name="key">The place of the connection in the pool.</param>
    /// <param name="connection">The connection.</param>
    /// <param name="sender">The request.</param>
    /// <param name="malformed">Is called when the body breaks a rule.</param>
    public Http1Response(ConnectionPool pool, PoolKey key, Http1Connection connection, RequestSender sender, Action<string> malformed)
    {
        _pool = pool;
        _key = key;
        _connection = connection;
        _sender = sender;
        _malformed = malformed;
        var parser = connection.Parser;
        Status = parser.Status;
        _keepsAlive = parser.KeepsAlive;
        AddHeaders(parser.Fields, connection.Head);
        _body = new ResponseBody(this, parser.Framing, parser.ContentLength ?? 0);
        connection.PassHead();
        ReturnIfDone();
    }

    /// <inheritdoc/>
    public override int Status { get; }

    /// <inheritdoc/>
    public override BodyReader Body => _body;

    /// <inheritdoc/>
    public override Task RequestSent => _sender.Finished;

    /// <inheritdoc/>
    public override void CopyHeadersTo(HeaderList headers) => _headers.CopyTo(headers);

    /// <inheritdoc/>
    public override void CopyTrailersTo(Exchange exchange)
    {
        if (_body.Decoder is not { } decoder)
            return;
        foreach (var field in decoder.Trailers)
        {
            var name = field.NameIn(decoder.TrailerBytes);
            if (ResponseHeaderRules.MayTrail(name))
                exchange.AddTrailer(name, field.ValueIn(decoder.TrailerBytes));
        }
    }

    /// <inheritdoc/>
    public override ByteChannel TakeConnection()
    {
        _gone = true;
        return new UpgradedChannel(_connection);
    }

    /// <inheritdoc/>
    public override ValueTask StopRequestAsync() => _sender.StopAsync();

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _sender.StopAsync();
        ReturnIfDone();
        if (!_gone)
            _connection.Dispose();
        _headers.Clear();
    }

    /// <summary>
    /// Gives the connection to others as soon as both request and response are over, so that the client's next request finds it.
    /// Bytes behind the response belong to no request, and bytes that are not sent would be taken for the next request; then it is closed.
    /// </summary>
    private void ReturnIfDone()
    {
        if (_gone || !_keepsAlive || !_sender.IsComplete || _connection.Buffered > 0 || _body is not { HasEnded: true, HasExcess: false })
            return;
        _gone = true;
        _pool.Return(_key, _connection);
    }

    private void AddHeaders(ReadOnlySpan<FieldRange> fields, ReadOnlySpan<byte> head)
    {
        var hasLength = false;
        foreach (ref readonly var field in fields)
        {
            var name = field.NameIn(head);
            // Several equal lengths are forwarded as one.
            if (KnownHeaders.Of(name) == KnownHeader.ContentLength)
            {
                if (hasLength)
                    continue;
                hasLength = true;
            }
            _headers.Add(name, field.ValueIn(head));
        }
    }

    private sealed class ResponseBody : BodyReader
    {
        private readonly Http1Response _response;
        private readonly BodyFraming _framing;
        private long _left;

        public ResponseBody(Http1Response response, BodyFraming framing, long length)
        {
            _response = response;
            _framing = framing;
            _left = length;
            HasEnded = framing == BodyFraming.None || (framing == BodyFraming.Length && length == 0);
            if (framing != BodyFraming.Chunked)
                return;
            Decoder = new ChunkedDecoder();
            Decoder.Begin();
        }

        public ChunkedDecoder? Decoder { get; }

        public bool HasEnded { get; private set; }

        /// <summary>True when bytes arrived behind the end of the body.</summary>
        public bool HasExcess { get; private set; }

        private Http1Connection Connection => _response._connection;

        /// <inheritdoc/>
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            if (HasEnded)
                return 0;
            try
            {
                if (buffer.IsEmpty)
                {
                    await Connection.WaitAsync(cancellationToken);
                    return 0;
                }
                return _framing == BodyFraming.Chunked
                    ? await ReadChunkedAsync(buffer, cancellationToken)
                    : await ReadPlainAsync(buffer, cancellationToken);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                throw _response._sender.ClientFault is { } fault ? fault : new UpstreamException(UpstreamFailure.Reset, e);
            }
        }

        private async ValueTask<int> ReadPlainAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            var limited = _framing == BodyFraming.Length && _left < buffer.Length ? buffer[..(int)_left] : buffer;
            var count = await Connection.ReceiveAsync(limited, cancellationToken);
            if (_framing == BodyFraming.UntilClose)
            {
                HasEnded = count == 0;
                return count;
            }
            if (count == 0)
                throw BrokenOff();
            _left -= count;
            HasEnded = _left == 0;
            _response.ReturnIfDone();
            return count;
        }

        private async ValueTask<int> ReadChunkedAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            while (true)
            {
                var count = await Connection.ReceiveAsync(buffer, cancellationToken);
                if (count == 0)
                    throw BrokenOff();
                var decoded = Decode(buffer.Span, count);
                if (decoded > 0 || HasEnded)
                    return decoded;
            }
        }

        /// <summary>Moves the pieces of the body to the front of the received bytes, which are never shorter.</summary>
        private int Decode(Span<byte> bytes, int count)
        {
            var read = 0;
            var written = 0;
            while (true)
            {
                var status = Decoder!.Read(bytes[read..count], out var consumed, out var data);
                read += consumed;
                data.CopyTo(bytes[written..]);
                written += data.Length;
                if (status == ParseStatus.Malformed)
                {
                    _response._malformed(Decoder.Fault!);
                    throw new UpstreamException(UpstreamFailure.Malformed, new InvalidDataException(Decoder.Fault));
                }
                if (status == ParseStatus.Complete)
                {
                    HasEnded = true;
                    HasExcess = read < count;
                    _response.ReturnIfDone();
                }
                if (status != ParseStatus.Data)
                    return written;
            }
        }

        private static UpstreamException BrokenOff() =>
            new(UpstreamFailure.Reset, new EndOfStreamException("the response ended before its end"));
    }
}
