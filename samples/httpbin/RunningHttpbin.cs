using Microsoft.AspNetCore.Builder;

namespace Turnpike.Samples.Httpbin;

/// <summary>An httpbin that listens; disposing it stops it.</summary>
public sealed class RunningHttpbin : IAsyncDisposable
{
    private readonly WebApplication _app;

    internal RunningHttpbin(WebApplication app, Uri address, Uri? http2Address)
    {
        _app = app;
        Address = address;
        Http2Address = http2Address;
    }

    /// <summary>Where it speaks HTTP/1.1, with the port actually bound.</summary>
    public Uri Address { get; }

    /// <summary>Where it speaks cleartext HTTP/2, if it was asked to.</summary>
    public Uri? Http2Address { get; }

    /// <summary>Refuses new connections, lets requests in progress end within the grace period, then cuts them off.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
