using System.Net;

namespace Turnpike.Samples.Httpbin;

/// <summary>The settings of an httpbin server.</summary>
public sealed record HttpbinOptions
{
    /// <summary>The port for HTTP/1.1. 0 selects a free port.</summary>
    public int Port { get; init; }

    /// <summary>The port for cleartext HTTP/2 with prior knowledge. 0 selects a free port, and null opens none.</summary>
    public int? Http2Port { get; init; }

    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>The value of the header <c>X-Httpbin-Version</c> and of <c>version</c> in <c>/anything</c>, or null for none.</summary>
    public string? VersionLabel { get; init; }

    /// <summary>The time that requests in flight may take after the server is told to stop.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Whether warnings and errors of the server are written to standard error.</summary>
    public bool LogToStandardError { get; init; }

    /// <summary>The writer that gets a line for each request with method, host and target, or null for none.</summary>
    public TextWriter? RequestLog { get; init; }

    /// <summary>The clock that <c>/delay</c> and <c>/sse</c> use.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
