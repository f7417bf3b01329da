using System.Collections.Frozen;

namespace Turnpike.Primitives;

/// <summary>
/// The header fields that belong to a connection or frame a message. The proxy sets them itself: admission refuses them among the headers
/// that a rule appends, and the pipeline does not append them.
/// </summary>
public static class FramingHeaders
{
    public static FrozenSet<string> Names { get; } = FrozenSet.ToFrozenSet(
        [
            "connection", "content-length", "expect", "host", "http2-settings", "keep-alive", "proxy-connection", "te", "trailer",
            "transfer-encoding", "upgrade",
        ],
        StringComparer.OrdinalIgnoreCase);
}
