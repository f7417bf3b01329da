using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Turnpike.Pipeline;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.Upstream;

/// <summary>
/// The upstream client for HTTP/2, over <see cref="SocketsHttpHandler"/>. Where the library lets something through that breaks a rule of
/// HTTP, it is refused here. This class opens the connections; the library knows them by a name that stands for an endpoint and its TLS
/// settings.
/// </summary>
internal sealed class Http2UpstreamClient(EndpointConnector connector, UpstreamReport report) : IUpstreamClient, IDisposable
{
    private static readonly HttpRequestOptionsKey<Target> TargetKey = new("target");
    private static readonly UriCreationOptions AsWritten = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly HttpMessageInvoker _invoker = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
        EnableMultipleHttp2Connections = true,
        // A response that is not wanted any more ends at once.
        MaxResponseDrainSize = 0,
        // This is less than servers usually allow, so the proxy closes first.
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(50),
        // The connect timeout of the cluster bounds it for each request.
        ConnectTimeout = Timeout.InfiniteTimeSpan,
        ConnectCallback = (context, cancellationToken) => ConnectAsync(connector, context, cancellationToken),
        // Bytes are forwarded unchanged.
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = static (_, _) => StrictEncoding.Instance,
    });

    /// <inheritdoc/>
    public async ValueTask<UpstreamResponse> SendAsync(UpstreamRequest request, CancellationToken cancellationToken)
    {
        var method = HttpMethod.Parse(Encoding.Latin1.GetString(request.Method));
        // The library knows methods in any case and sends them in one; a rule may have looked for another.
        if (!Ascii.Equals(request.Method, method.Method))
        {
            const string reason = "the method is a known one in another case";
            report.Refused(request.Endpoint.Endpoint.ToString(), reason);
            throw new UpstreamException(UpstreamFailure.InvalidRequest, new InvalidDataException(reason));
        }
        var (message, content) = ToMessage(method, request, cancellationToken);
        Http2Response response;
        try
        {
            var received = await _invoker.SendAsync(message, cancellationToken);
            response = new Http2Response(message, received, content, fault => Malformed(request, fault));
        }
        catch (Exception e)
        {
            // The copying must have stopped before a later attempt reads the client's body.
            if (content is not null)
                await content.StopAsync();
            message.Dispose();
            if (content?.ReadFailure is { } clientFault)
                throw clientFault;
            if (cancellationToken.IsCancellationRequested)
                throw new OperationCanceledException(e.Message, e, cancellationToken);
            throw new UpstreamException(Classify(e), e);
        }
        if (response.Fault() is not { } fault)
            return response;
        await response.DisposeAsync();
        throw Malformed(request, fault);
    }

    /// <inheritdoc/>
    public void Dispose() => _invoker.Dispose();

    private UpstreamException Malformed(UpstreamRequest request, string fault)
    {
        report.Malformed(request.Endpoint.Endpoint.ToString(), fault);
        return new UpstreamException(UpstreamFailure.Malformed, new InvalidDataException(fault));
    }

    private static (HttpRequestMessage Message, StreamedContent? Content) ToMessage(
        HttpMethod method, UpstreamRequest request, CancellationToken cancellationToken)
    {
        var message = new HttpRequestMessage(method, new Uri(BaseOf(request) + Encoding.Latin1.GetString(request.Target), in AsWritten))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        message.Options.Set(TargetKey, new Target(request.Endpoint.Endpoint, request.Tls, request.ConnectTimeout));
        var content = request.Body is null ? null : new StreamedContent(request.Body, request.ContentLength, cancellationToken);
        message.Content = content;
        message.Headers.TryAddWithoutValidation("Host", Encoding.Latin1.GetString(request.Host));
        foreach (var header in request.Headers)
        {
            var (name, value) = (header.NameText, header.ValueText);
            // The library keeps headers about content apart; a request without a body may have some too.
            if (!message.Headers.TryAddWithoutValidation(name, value))
                (message.Content ??= new NoContent()).Headers.TryAddWithoutValidation(name, value);
        }
        return (message, content);
    }

    private static UpstreamFailure Classify(Exception failure)
    {
        for (var e = failure; e is not null; e = e.InnerException)
        {
            if (e is UpstreamException known)
                return known.Failure;
            // 7 is REFUSED_STREAM.
            if (e is HttpProtocolException { ErrorCode: 7 })
                return UpstreamFailure.Refused;
            if (e is HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse })
                return UpstreamFailure.Malformed;
        }
        return UpstreamFailure.Reset;
    }

    /// <summary>Whatever the Host of a request, it shares the connections of its endpoint; those of other TLS settings never.</summary>
    private static string BaseOf(UpstreamRequest request) =>
        request.Tls is { } tls ? $"http://{request.Endpoint.Id}.{TlsHandshake.Of(tls).Identity}" : request.Endpoint.BaseUri;

    /// <summary>For the request that asks first, and for all that the library knows by the same name.</summary>
    private static async ValueTask<Stream> ConnectAsync(
        EndpointConnector connector, SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        if (!context.InitialRequestMessage.Options.TryGetValue(TargetKey, out var target) || target is null)
            throw new InvalidOperationException("the message was not made by this client");
        var (socket, tls) = await connector.ConnectAsync(
            target.Endpoint, target.Tls, SslApplicationProtocol.Http2, target.ConnectTimeout, cancellationToken);
        return tls is null ? new NetworkStream(socket, ownsSocket: true) : new SecureScheme(tls);
    }

    /// <summary>
    /// Where a connection goes. The library may connect when the request that asked for the connection is over, and its object is filled
    /// with another one; so the message carries a copy.
    /// </summary>
    private sealed record Target(Endpoint Endpoint, UpstreamTls? Tls, TimeSpan ConnectTimeout);
}
