using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Turnpike.Pipeline;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.Upstream;

/// <summary>A connection to an endpoint, with the TLS stream over it; null for cleartext.</summary>
internal readonly record struct EndpointConnection(Socket Socket, SslStream? Tls);

/// <summary>Opens connections to endpoints, for every protocol.</summary>
internal sealed class EndpointConnector(UpstreamReport report, TimeProvider time)
{
    /// <summary>Connects, and does the TLS handshake when there is to be one, both within the timeout.</summary>
    /// <param name="endpoint">The endpoint to connect to.</param>
    /// <param name="tls">Null for cleartext.</param>
    /// <param name="protocol">The protocol that is offered by ALPN.</param>
    /// <param name="timeout">The limit for connection and handshake together.</param>
    /// <param name="cancellationToken">Is cancelled when the connection is not wanted any more.</param>
    /// <exception cref="UpstreamException">The connection or the handshake failed.</exception>
    public async ValueTask<EndpointConnection> ConnectAsync(
        Endpoint endpoint, UpstreamTls? tls, SslApplicationProtocol protocol, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            EndPoint address = IPAddress.TryParse(endpoint.Address, out var ip)
                ? new IPEndPoint(ip, endpoint.Port)
                : new DnsEndPoint(endpoint.Address, endpoint.Port);
            var connecting = socket.ConnectAsync(address);
            try
            {
                await connecting.WaitAsync(timeout, time, cancellationToken);
            }
            catch (TimeoutException) when (IsConnected(socket))
            {
                // The endpoint was in time, and this process noticed it too late.
                await connecting;
            }
        }
        catch (Exception e)
        {
            // This also ends a connection attempt in flight.
            socket.Dispose();
            if (cancellationToken.IsCancellationRequested)
                throw new OperationCanceledException(e.Message, e, cancellationToken);
            throw new UpstreamException(UpstreamFailure.Connect, new IOException($"cannot connect to {endpoint}", e));
        }
        if (tls is null)
            return new EndpointConnection(socket, null);
        using var limit = new CancellationTokenSource(Rest(timeout, time.GetElapsedTime(began)), time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            var stream = await TlsHandshake.Of(tls).BeginAsync(new NetworkStream(socket, ownsSocket: true), protocol, end.Token);
            return new EndpointConnection(socket, stream);
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (cancellationToken.IsCancellationRequested)
                throw new OperationCanceledException(e.Message, e, cancellationToken);
            var fault = e is OperationCanceledException ? "it was not finished within the connect timeout"
                : e is AuthenticationException { InnerException: null } ? e.Message
                : Innermost(e);
            report.HandshakeFailed(endpoint.ToString(), fault);
            throw new UpstreamException(UpstreamFailure.Handshake, new IOException($"TLS handshake with {endpoint} failed: {fault}", e));
        }
    }

    /// <summary>Asks the kernel, which may know more than this process has processed.</summary>
    private static bool IsConnected(Socket socket) =>
        socket.Poll(0, SelectMode.SelectWrite) && (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)! == 0;

    private static TimeSpan Rest(TimeSpan timeout, TimeSpan used) =>
        timeout == Timeout.InfiniteTimeSpan ? timeout : timeout > used ? timeout - used : TimeSpan.Zero;

    /// <summary>The message of this room for a certificate that is refused, and that of the library for every other failure.</summary>
    private static string Innermost(Exception failure)
    {
        if (failure is AuthenticationException { InnerException: AuthenticationException })
            return failure.Message;
        while (failure.InnerException is { } inner)
            failure = inner;
        return string.Concat(failure.Message.Select(c => char.IsControl(c) ? ' ' : c));
    }
}
