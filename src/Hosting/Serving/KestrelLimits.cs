using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Turnpike.Hosting.Serving;

/// <summary>
/// The limits of one connection on any port. Kestrel's defaults suit servers with gigabytes of memory. With these, a connection whose
/// requests are not read holds about 200 KiB.
/// </summary>
public static class KestrelLimits
{
    public static void UseNarrowLimits(this KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        var limits = kestrel.Limits;
        limits.MaxRequestBufferSize = 128 * 1024;
        limits.MaxResponseBufferSize = 64 * 1024;
        limits.MaxRequestHeadersTotalSize = 16 * 1024;
        limits.MaxRequestHeaderCount = 64;
        limits.MaxRequestLineSize = 4 * 1024;
        limits.MaxRequestBodySize = 8 * 1024 * 1024;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(60);
        limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 4096, gracePeriod: TimeSpan.FromSeconds(5));
        limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 4096, gracePeriod: TimeSpan.FromSeconds(5));
        limits.Http2.MaxStreamsPerConnection = 32;
        limits.Http2.MaxRequestHeaderFieldSize = 12 * 1024;
        limits.Http2.InitialStreamWindowSize = 64 * 1024;
        limits.Http2.InitialConnectionWindowSize = 128 * 1024;

        // Without pings, a proxy that vanished would count as connected forever, and rules would wait for it.
        limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(10);
        limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(5);
    }
}
