using Turnpike.Pipeline;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.AccessLog;

/// <summary>
/// What is logged of one request. Nothing in it is longer than its limit, so that a queue of entries has a limit too. What the client wrote
/// is in memory that the owner of the entry lends it. The thread that writes the log decides how an entry looks.
/// </summary>
internal readonly record struct AccessEntry
{
    public const int MaxMethod = 32;
    public const int MaxHost = 255;
    public const int MaxPath = 1024;

    /// <summary>The memory that an entry needs.</summary>
    public const int MaxText = MaxMethod + MaxHost + MaxPath;

    private readonly Memory<byte> _text;
    private readonly int _methodLength;
    private readonly int _hostLength;
    private readonly int _pathLength;

    private AccessEntry(Memory<byte> text, ReadOnlySpan<byte> method, ReadOnlySpan<byte> host, ReadOnlySpan<byte> path)
    {
        _text = text;
        var room = text.Span;
        _methodLength = Cut(method, room[..MaxMethod]);
        _hostLength = Cut(host, room.Slice(_methodLength, MaxHost));
        _pathLength = Cut(path, room.Slice(_methodLength + _hostLength, MaxPath));
    }

    public required DateTimeOffset Time { get; init; }

    public required TimeSpan Elapsed { get; init; }

    public ReadOnlySpan<byte> Method => _text.Span[.._methodLength];

    public required string Scheme { get; init; }

    public required HttpGeneration Version { get; init; }

    public ReadOnlySpan<byte> Host => _text.Span.Slice(_methodLength, _hostLength);

    /// <summary>The path without the query, which is where tokens and signatures are.</summary>
    public ReadOnlySpan<byte> Path => _text.Span.Slice(_methodLength + _hostLength, _pathLength);

    /// <summary>True when there was a query.</summary>
    public required bool HasQuery { get; init; }

    /// <summary>The status that the client got; 0 when it went away first.</summary>
    public required int Status { get; init; }

    public string? Ingress { get; init; }

    public string? Rule { get; init; }

    public Endpoint? Upstream { get; init; }

    /// <summary>How often an endpoint was asked.</summary>
    public int Tries { get; init; }

    public ReplyReason Reason { get; init; }

    /// <param name="exchange">The request and its response.</param>
    /// <param name="origin">The path entry that it found.</param>
    /// <param name="rule">The rule that it found.</param>
    /// <param name="clientGone">The client went away.</param>
    /// <param name="time">When the request ended.</param>
    /// <param name="elapsed">How long it took.</param>
    /// <param name="text">Room for <see cref="MaxText"/> bytes.</param>
    public static AccessEntry Of(
        Exchange exchange, RouteOrigin? origin, string? rule, bool clientGone, DateTimeOffset time, TimeSpan elapsed, Memory<byte> text)
    {
        var request = exchange.Request;
        // A response that is broken off for another reason looks like a client that went away, too.
        var gone = clientGone && exchange.Trace.Reason == ReplyReason.None;
        var target = request.Target;
        var path = PathRewrite.PathLength(target);
        return new AccessEntry(text, request.Method, request.Authority, target[..path])
        {
            Time = time,
            Elapsed = elapsed,
            Scheme = exchange.Connection.Scheme,
            Version = request.Version,
            HasQuery = path < target.Length,
            Status = gone ? 0 : exchange.Response.Status,
            Ingress = origin?.Name,
            Rule = rule,
            Upstream = exchange.Trace.Upstream?.Endpoint,
            Tries = exchange.Trace.Tries,
            Reason = gone ? ReplyReason.ClientGone : exchange.Trace.Reason,
        };
    }

    /// <summary>The same entry with its text in other memory.</summary>
    /// <param name="text">Room for <see cref="MaxText"/> bytes.</param>
    public AccessEntry In(Memory<byte> text) => new(text, Method, Host, Path)
    {
        Time = Time,
        Elapsed = Elapsed,
        Scheme = Scheme,
        Version = Version,
        HasQuery = HasQuery,
        Status = Status,
        Ingress = Ingress,
        Rule = Rule,
        Upstream = Upstream,
        Tries = Tries,
        Reason = Reason,
    };

    private static int Cut(ReadOnlySpan<byte> text, Span<byte> room)
    {
        if (text.Length <= room.Length)
        {
            text.CopyTo(room);
            return text.Length;
        }
        text[..room.Length].CopyTo(room);
        room[^3..].Fill((byte)'.');
        return room.Length;
    }
}
