using System.Net;

namespace Turnpike.Samples.Httpbin;

/// <summary>How one httpbin server listens and what it calls itself.</summary>
public sealed record HttpbinOptions
{
    /// <summary>Port for HTTP/1.1; 0 takes any free port.</summary>
    public int Port { get; init; }

    /// <summary>Port for cleartext HTTP/2 with prior knowledge; 0 takes any free port, null opens none.</summary>
    public int? Http2Port { get; init; }

    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>Shown as response header <c>X-Httpbin-Version</c> and as <c>version</c> in <c>/anything</c>; null shows nothing.</summary>
    public string? VersionLabel { get; init; }

    /// <summary>How long requests in progress may go on once the server is told to stop.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Write warnings and errors of the server to standard error.</summary>
    public bool LogToStandardError { get; init; }

    /// <summary>Gets a line for each request: method, host and target. Null for none.</summary>
    public TextWriter? RequestLog { get; init; }

    /// <summary>The clock that <c>/delay</c> and <c>/sse</c> wait by.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
