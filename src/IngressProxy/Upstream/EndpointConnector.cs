using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Turnpike.Pipeline;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.Upstream;

/// <summary>A connection to an endpoint, and the TLS on it; null for cleartext.</summary>
internal readonly record struct EndpointConnection(Socket Socket, SslStream? Tls);

/// <summary>Opens connections to endpoints for whatever is spoken over them.</summary>
internal sealed class EndpointConnector(UpstreamReport report, TimeProvider time)
{
    /// <summary>Connects, and goes through the handshake where there is one; both within the timeout.</summary>
    /// <param name="endpoint">Where to.</param>
    /// <param name="tls">Null for cleartext.</param>
    /// <param name="protocol">What is to be spoken over TLS.</param>
    /// <param name="timeout">Of connection and handshake together.</param>
    /// <param name="cancellationToken">Nobody wants it any more.</param>
    /// <exception cref="UpstreamException">There is no connection, or none to speak over.</exception>
    public async ValueTask<EndpointConnection> ConnectAsync(
        Endpoint endpoint, UpstreamTls? tls, SslApplicationProtocol protocol, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            EndPoint address = IPAddress.TryParse(endpoint.Address, out var ip) ? new IPEndPoint(ip, endpoint.Port) : new DnsEndPoint(endpoint.Address, endpoint.Port);
            var connecting = socket.ConnectAsync(address);
            try
            {
                await connecting.WaitAsync(timeout, time, cancellationToken);
            }
            catch (TimeoutException) when (IsConnected(socket))
            {
                // The endpoint was in time; it is this process that is late.
                await connecting;
            }
        }
        catch (Exception e)
        {
            // This also ends an attempt that is still under way.
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
            return new EndpointConnection(socket, await TlsHandshake.Of(tls).BeginAsync(new NetworkStream(socket, ownsSocket: true), protocol, end.Token));
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (cancellationToken.IsCancellationRequested)
                throw new OperationCanceledException(e.Message, e, cancellationToken);
            var fault = e is OperationCanceledException ? "it was not finished within the connect timeout" : e is AuthenticationException { InnerException: null } ? e.Message : Innermost(e);
            report.HandshakeFailed(endpoint.ToString(), fault);
            throw new UpstreamException(UpstreamFailure.Handshake, new IOException($"TLS handshake with {endpoint} failed: {fault}", e));
        }
    }

    /// <summary>What the kernel says, which may be ahead of what this process has come to.</summary>
    private static bool IsConnected(Socket socket) =>
        socket.Poll(0, SelectMode.SelectWrite) && (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)! == 0;

    private static TimeSpan Rest(TimeSpan timeout, TimeSpan used) =>
        timeout == Timeout.InfiniteTimeSpan ? timeout : timeout > used ? timeout - used : TimeSpan.Zero;

    /// <summary>Our own words for a certificate that is refused; else the library's for what broke.</summary>
    private static string Innermost(Exception failure)
    {
        if (failure is AuthenticationException { InnerException: AuthenticationException })
            return failure.Message;
        while (failure.InnerException is { } inner)
            failure = inner;
        return string.Concat(failure.Message.Select(c => char.IsControl(c) ? ' ' : c));
    }
}
