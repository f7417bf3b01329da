namespace Turnpike.IngressProxy.AccessLog;

/// <summary>The format of the access log.</summary>
public enum AccessLogFormat
{
    Off,

    /// <summary>A line of text for each request.</summary>
    Text,

    /// <summary>A line of JSON for each request.</summary>
    Json,
}

/// <summary>Takes whole lines in UTF-8. One thread calls it, which may wait here for as long as the reader of the log does.</summary>
/// <param name="lines">The lines, which are valid during the call only.</param>
public delegate void AccessLogSink(ReadOnlySpan<byte> lines);
