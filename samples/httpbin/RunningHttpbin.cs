using Microsoft.AspNetCore.Builder;

namespace Turnpike.Samples.Httpbin;

/// <summary>An httpbin that listens until it is disposed.</summary>
public sealed class RunningHttpbin : IAsyncDisposable
{
    private readonly WebApplication _app;

    internal RunningHttpbin(WebApplication app, Uri address, Uri? http2Address)
    {
        _app = app;
        Address = address;
        Http2Address = http2Address;
    }

    /// <summary>The address for HTTP/1.1, with the actual port.</summary>
    public Uri Address { get; }

    /// <summary>The address for cleartext HTTP/2, if it was enabled.</summary>
    public Uri? Http2Address { get; }

    /// <summary>Refuses new connections, lets requests in flight finish within the grace period, and then aborts them.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
