using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Turnpike.Tests.IngressProxy.Harness;

/// <summary>A server that sends exactly the bytes that a test wants, over TLS.</summary>
internal sealed class RawTlsUpstream : IAsyncDisposable
{
    private readonly RawUpstream _listener;
    private int _handshakes;

    private RawTlsUpstream(X509Certificate2 certificate, SslApplicationProtocol protocol, Func<SslStream, CancellationToken, Task> serve) => _listener = RawUpstream.Start(async connection =>
    {
        await using var tls = new SslStream(connection.Stream);
        try
        {
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate, ApplicationProtocols = [protocol] }, connection.Stopped);
            Interlocked.Increment(ref _handshakes);
            await serve(tls, connection.Stopped);
        }
        catch (Exception e) when (e is AuthenticationException or SocketException)
        {
        }
    });

    public IPEndPoint EndPoint => _listener.EndPoint;

    public int Handshakes => Volatile.Read(ref _handshakes);

    public static RawTlsUpstream Start(
        X509Certificate2 certificate,
        Func<SslStream, CancellationToken, Task> serve,
        SslApplicationProtocol? protocol = null) => new(certificate, protocol ?? SslApplicationProtocol.Http11, serve);

    public ValueTask DisposeAsync() => _listener.DisposeAsync();
}
