namespace Turnpike.IngressProxy.AccessLog;

/// <summary>How requests are logged.</summary>
public enum AccessLogFormat
{
    Off,

    /// <summary>A line for people.</summary>
    Text,

    /// <summary>A line of JSON.</summary>
    Json,
}

/// <summary>Takes whole lines, in UTF-8. Called by one thread, which may wait here for as long as the reader of the log does.</summary>
/// <param name="lines">Only good during the call.</param>
public delegate void AccessLogSink(ReadOnlySpan<byte> lines);
