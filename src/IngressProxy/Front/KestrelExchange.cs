using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Turnpike.Http;
using Turnpike.Pipeline;

namespace Turnpike.IngressProxy.Front;

/// <summary>
/// Shows a request of Kestrel to the pipeline. The server keeps the object for the next request of the same connection or stream.
/// </summary>
internal sealed class KestrelExchange : Exchange
{
    private readonly KestrelRequestBody _requestBody = new();
    private readonly KestrelResponseBody _responseBody;
    private IFeatureCollection _features = null!;
    private IHttpResponseFeature _response = null!;
    private ConnectionFacts _connection = null!;
    private CancellationToken _clientGone;
    private bool _hasRequestBody;
    private bool _closeConnection;
    private bool _headSet;

    public KestrelExchange() => _responseBody = new KestrelResponseBody(this);

    /// <inheritdoc/>
    public override ConnectionFacts Connection => _connection;

    /// <inheritdoc/>
    public override BodyReader? RequestBody => _hasRequestBody ? _requestBody : null;

    /// <inheritdoc/>
    public override BodyWriter ResponseBody => _responseBody;

    /// <inheritdoc/>
    public override bool ResponseStarted => _response.HasStarted;

    /// <inheritdoc/>
    public override CancellationToken ClientGone => _clientGone;

    /// <param name="features">The server's view of the request.</param>
    /// <param name="closeConnection">Asks the client to send its next request over another connection.</param>
    public void Begin(IFeatureCollection features, bool closeConnection)
    {
        _features = features;
        _closeConnection = closeConnection;
        _headSet = false;
        _response = features.GetRequiredFeature<IHttpResponseFeature>();
        _connection = features.GetRequiredFeature<ConnectionFacts>();
        _clientGone = features.GetRequiredFeature<IHttpRequestLifetimeFeature>().RequestAborted;
        var request = features.GetRequiredFeature<IHttpRequestFeature>();
        ReadHead(request);
        _hasRequestBody = !Request.IsWebSocket && features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true };
        if (_hasRequestBody)
            _requestBody.Begin(features.GetRequiredFeature<IRequestBodyPipeFeature>(), features.Get<IHttpRequestTrailersFeature>());
        _responseBody.Begin(features.GetRequiredFeature<IHttpResponseBodyFeature>());
    }

    /// <summary>Forgets the request.</summary>
    public void End()
    {
        Request.Clear();
        Response.Clear();
        Trace.Clear();
        _requestBody.End();
        _responseBody.End();
        _features = null!;
        _response = null!;
        _clientGone = CancellationToken.None;
    }

    /// <summary>Hands <see cref="Exchange.Response"/> to the server, once.</summary>
    public void SetHead()
    {
        if (_headSet)
            return;
        _headSet = true;
        _response.StatusCode = Response.Status;
        CopyHeaders();
    }

    /// <inheritdoc/>
    public override void AddTrailer(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        _features.Get<IHttpResponseTrailersFeature>()?.Trailers.Append(Encoding.Latin1.GetString(name), Encoding.Latin1.GetString(value));

    /// <inheritdoc/>
    public override async ValueTask<ByteChannel> AcceptUpgradeAsync(CancellationToken cancellationToken)
    {
        _headSet = true;
        CopyHeaders();
        return new KestrelChannel(
            Request.Version == HttpGeneration.Http2
                ? await _features.GetRequiredFeature<IHttpExtendedConnectFeature>().AcceptAsync()
                : await _features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync());
    }

    /// <inheritdoc/>
    public override void Abort() => _features.GetRequiredFeature<IHttpRequestLifetimeFeature>().Abort();

    private void CopyHeaders()
    {
        var headers = _response.Headers;
        foreach (var header in Response.Headers)
        {
            try
            {
                headers.Append(header.NameText, header.ValueText);
            }
            catch (InvalidOperationException)
            {
                // Kestrel refuses to send this header. A response without it is better than no response.
            }
        }
        if (_closeConnection)
            headers.Connection = "close";
    }

    private void ReadHead(IHttpRequestFeature request)
    {
        var head = Request;
        head.Scheme = _connection.SchemeUtf8;
        head.Version = request.Protocol switch
        {
            "HTTP/2" => HttpGeneration.Http2,
            "HTTP/1.0" => HttpGeneration.Http10,
            _ => HttpGeneration.Http11,
        };
        head.ContentLength = request.Headers.ContentLength;
        foreach (var (name, values) in request.Headers)
            AddHeader(head, name, values);
        head.IsMalformed = !ReadStart(head, request.Method, request.Headers.Host.ToString(), request.RawTarget)
            || !RequestRules.IsWellFormed(head) || HasLengthAndCoding(request.Headers);
        if (head.Version == HttpGeneration.Http2)
        {
            head.IsWebSocket = head.Method.SequenceEqual("CONNECT"u8)
                && _features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: "websocket" };
            if (head.IsWebSocket)
                head.Method = "GET"u8;
        }
        else
        {
            head.IsWebSocket = head.Method.SequenceEqual("GET"u8)
                && head.Headers.HasToken(KnownHeader.Upgrade, "websocket"u8) && head.Headers.HasToken(KnownHeader.Connection, "upgrade"u8);
        }
    }

    /// <summary>Takes method, authority and target; false when the target is malformed.</summary>
    private static bool ReadStart(RequestHead head, string method, string authority, string target)
    {
        var scratch = ArrayPool<byte>.Shared.Rent(Math.Max(target.Length, Math.Max(method.Length, authority.Length)));
        head.Method = scratch.AsSpan(0, WireText.Encoding.GetBytes(method, scratch));
        head.Authority = scratch.AsSpan(0, WireText.Encoding.GetBytes(authority, scratch));
        var isWellFormed = RequestRules.TryTakeTarget(head, scratch.AsSpan(0, WireText.Encoding.GetBytes(target, scratch)));
        ArrayPool<byte>.Shared.Return(scratch);
        return isWellFormed;
    }

    private static void AddHeader(RequestHead head, string name, StringValues values)
    {
        // HTTP/2 may cut cookies into pieces, which are one header everywhere else (RFC 9113 §8.2.3).
        if (values.Count > 1 && head.Version == HttpGeneration.Http2 && name.Equals("cookie", StringComparison.OrdinalIgnoreCase))
        {
            head.Headers.Add(name, string.Join("; ", values.ToArray()));
            return;
        }
        foreach (var value in values)
            head.Headers.Add(name, value ?? "");
    }

    /// <summary>Kestrel takes the length away from a request that has a coding too, and leaves a header in its place.</summary>
    private static bool HasLengthAndCoding(IHeaderDictionary headers) =>
        headers.TransferEncoding.Count > 0 && headers.ContainsKey("X-Content-Length");
}
