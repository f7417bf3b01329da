using Turnpike.Http;
using Turnpike.Pipeline;

namespace Turnpike.IngressProxy.Upstream;

internal sealed class Http2Response(
    HttpRequestMessage request, HttpResponseMessage response, StreamedContent? content, Func<string, UpstreamException> malformed)
    : UpstreamResponse
{
    /// <summary>These make a message of HTTP/2 malformed (RFC 9113 §8.2.2).</summary>
    private static readonly KnownHeaderSet OfConnections =
        [KnownHeader.Connection, KnownHeader.ProxyConnection, KnownHeader.KeepAlive, KnownHeader.TransferEncoding, KnownHeader.Upgrade];

    private ResponseBody? _body;
    private long? _length;

    /// <inheritdoc/>
    public override int Status => (int)response.StatusCode;

    /// <inheritdoc/>
    public override BodyReader Body => _body ??= new ResponseBody(response.Content.ReadAsStream(), LengthOfBody(), malformed);

    /// <inheritdoc/>
    public override Task RequestSent => content?.Finished ?? Task.CompletedTask;

    /// <summary>What is wrong with the head; null when nothing is. This is asked before anything else.</summary>
    public string? Fault()
    {
        if (!HttpSyntax.IsStatus(Status) || Status < 200)
            return "the status is not a number from 200 to 599";
        var headers = new HeaderList();
        CopyHeadersTo(headers);
        var fault = FaultOf(headers);
        headers.Clear();
        return fault;
    }

    /// <inheritdoc/>
    public override void CopyHeadersTo(HeaderList headers)
    {
        foreach (var (name, values) in response.Headers.NonValidated)
        {
            foreach (var value in values)
                headers.Add(name, value);
        }
        foreach (var (name, values) in response.Content.Headers.NonValidated)
        {
            foreach (var value in values)
                headers.Add(name, value);
        }
    }

    /// <inheritdoc/>
    public override void CopyTrailersTo(Exchange exchange)
    {
        foreach (var (name, values) in response.TrailingHeaders.NonValidated)
        {
            foreach (var value in values)
            {
                var (nameBytes, valueBytes) = (WireText.Encoding.GetBytes(name), WireText.Encoding.GetBytes(value));
                if (!HttpSyntax.IsFieldName(nameBytes) || !HttpSyntax.IsFieldValue(valueBytes))
                    throw malformed("a trailer is not a token and a value without control characters");
                if (ResponseHeaderRules.MayTrail(nameBytes))
                    exchange.AddTrailer(nameBytes, valueBytes);
            }
        }
    }

    /// <inheritdoc/>
    public override ByteChannel TakeConnection() => throw new InvalidOperationException("a connection of HTTP/2 is shared");

    /// <inheritdoc/>
    public override ValueTask StopRequestAsync() => content?.StopAsync() ?? default;

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        // An endpoint may respond before it has read everything.
        await StopRequestAsync();
        response.Dispose();
        request.Dispose();
    }

    private string? FaultOf(HeaderList headers)
    {
        foreach (var header in headers)
        {
            if (!HttpSyntax.IsFieldName(header.Name))
                return "the name of a header is not a token";
            if (!HttpSyntax.IsFieldValue(header.Value))
                return "the value of a header has a character that may not be in it";
            if (OfConnections.Contains(header.Known))
                return "a header belongs to connections of HTTP/1.1";
            if (header.Known != KnownHeader.ContentLength)
                continue;
            if (!HttpSyntax.TryParseContentLength(header.Value, out var length))
                return "Content-Length is not a number";
            if (_length is { } other && other != length)
                return "there are two different Content-Length";
            _length = length;
        }
        return null;
    }

    private long? LengthOfBody() => request.Method == HttpMethod.Head || Status is 204 or 304 ? null : _length;

    private sealed class ResponseBody(Stream stream, long? announced, Func<string, UpstreamException> malformed) : BodyReader
    {
        private long _received;

        /// <inheritdoc/>
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            int count;
            try
            {
                count = await stream.ReadAsync(buffer, cancellationToken);
            }
            catch (Exception e) when (e is IOException or HttpRequestException)
            {
                throw new UpstreamException(UpstreamFailure.Reset, e);
            }
            if (buffer.IsEmpty || announced is not { } length)
                return count;
            _received += count;
            if (_received > length || (count == 0 && _received < length))
                throw malformed("the body does not have the length that was announced");
            return count;
        }
    }
}
