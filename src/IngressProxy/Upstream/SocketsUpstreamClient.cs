using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Turnpike.IngressProxy.Pipeline;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.Upstream;

/// <summary>The upstream client over <see cref="SocketsHttpHandler"/>. The only room that knows it.</summary>
internal sealed class SocketsUpstreamClient : IUpstreamClient, IDisposable
{
    private static readonly HttpRequestOptionsKey<TimeSpan> ConnectTimeoutKey = new("connect-timeout");
    private static readonly UriCreationOptions AsWritten = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly HttpMessageInvoker _invoker = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
        EnableMultipleHttp2Connections = true,
        // An answer that nobody wants any more ends at once, with its connection.
        MaxResponseDrainSize = 0,
        // Less than what servers usually allow, so that it is we who close.
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(50),
        // Bounded per request, by the cluster.
        ConnectTimeout = Timeout.InfiniteTimeSpan,
        ConnectCallback = ConnectAsync,
        // Bytes go through as they are.
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
    });

    /// <inheritdoc/>
    public async Task<UpstreamResponse> SendAsync(UpstreamRequest request, CancellationToken cancellationToken)
    {
        var (message, content) = ToMessage(request, cancellationToken);
        try
        {
            var response = await _invoker.SendAsync(message, cancellationToken);
            return new SocketsUpstreamResponse(message, response, content);
        }
        catch (Exception e)
        {
            // What is left of the copying must not read the client's body behind the back of a later try.
            if (content is not null)
                await content.StopAsync();
            message.Dispose();
            if (content?.ReadFailure is { } clientFault)
                throw clientFault;
            if (cancellationToken.IsCancellationRequested)
                throw new OperationCanceledException(e.Message, e, cancellationToken);
            throw new UpstreamException(Classify(e), e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _invoker.Dispose();

    private static (HttpRequestMessage Message, StreamedContent? Content) ToMessage(UpstreamRequest request, CancellationToken cancellationToken)
    {
        Debug.Assert(request.Target.StartsWith('/'));
        var http2 = request.Protocol == UpstreamProtocol.Http2 && !request.IsWebSocket;
        var message = new HttpRequestMessage(HttpMethod.Parse(request.Method), new Uri(request.Endpoint.BaseUri + request.Target, in AsWritten))
        {
            Version = http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        message.Options.Set(ConnectTimeoutKey, request.ConnectTimeout);
        var content = request.Body is null ? null : new StreamedContent(request.Body, request.ContentLength, cancellationToken);
        message.Content = content;
        message.Headers.TryAddWithoutValidation("Host", request.Host);
        foreach (ref readonly var header in request.Headers.Items)
        {
            // The client keeps headers about content apart; a request without a body may have some too.
            if (!message.Headers.TryAddWithoutValidation(header.Name, header.Value))
                (message.Content ??= new ByteArrayContent([])).Headers.TryAddWithoutValidation(header.Name, header.Value);
        }
        if (request.IsWebSocket)
        {
            message.Headers.TryAddWithoutValidation("Connection", "Upgrade");
            message.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        }
        return (message, content);
    }

    private static UpstreamFailure Classify(Exception failure)
    {
        for (var e = failure; e is not null; e = e.InnerException)
        {
            if (e is ConnectFailedException)
                return UpstreamFailure.Connect;
            // 7 is REFUSED_STREAM.
            if (e is HttpProtocolException { ErrorCode: 7 })
                return UpstreamFailure.Refused;
        }
        return UpstreamFailure.Reset;
    }

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            if (context.InitialRequestMessage.Options.TryGetValue(ConnectTimeoutKey, out var timeout))
                end.CancelAfter(timeout);
            await socket.ConnectAsync(context.DnsEndPoint, end.Token);
            return context.InitialRequestMessage.Version.Major == 1 ? new EarlyAnswerStream(socket) : new NetworkStream(socket, ownsSocket: true);
        }
        catch (Exception e)
        {
            socket.Dispose();
            throw new ConnectFailedException($"cannot connect to {context.DnsEndPoint.Host}:{context.DnsEndPoint.Port}", e);
        }
    }

    private sealed class ConnectFailedException(string message, Exception inner) : IOException(message, inner);
}
