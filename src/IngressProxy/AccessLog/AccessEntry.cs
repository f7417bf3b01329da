using Turnpike.Pipeline;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.AccessLog;

/// <summary>
/// What is logged of one request. Nothing in it is longer than its limit, so that a queue of them has a limit too; how it looks is a
/// matter for the thread that writes.
/// </summary>
internal readonly record struct AccessEntry
{
    public const int MaxMethod = 32;
    public const int MaxHost = 255;
    public const int MaxPath = 1024;

    public required DateTimeOffset Time { get; init; }

    public required TimeSpan Elapsed { get; init; }

    public required string Method { get; init; }

    public required string Scheme { get; init; }

    public required HttpGeneration Version { get; init; }

    public required string Host { get; init; }

    /// <summary>Without the query: that is where tokens and signatures are.</summary>
    public required string Path { get; init; }

    /// <summary>Whether there was a query.</summary>
    public required bool HasQuery { get; init; }

    /// <summary>What the client got; 0 where it went away first.</summary>
    public required int Status { get; init; }

    public string? Ingress { get; init; }

    public string? Rule { get; init; }

    public Endpoint? Upstream { get; init; }

    /// <summary>Times that an endpoint was asked.</summary>
    public int Tries { get; init; }

    public ReplyReason Reason { get; init; }

    public static AccessEntry Of(Exchange exchange, RouteOrigin? origin, string? rule, bool clientGone, DateTimeOffset time, TimeSpan elapsed)
    {
        var request = exchange.Request;
        // A response that is broken off for another reason looks like a client that went away, too.
        var gone = clientGone && exchange.Trace.Reason == ReplyReason.None;
        var path = PathRewrite.PathLength(request.Target);
        return new AccessEntry
        {
            Time = time,
            Elapsed = elapsed,
            Method = Cut(request.Method, MaxMethod),
            Scheme = request.Scheme,
            Version = request.Version,
            Host = Cut(request.Authority, MaxHost),
            Path = Cut(path == request.Target.Length ? request.Target : request.Target[..Math.Min(path, MaxPath + 1)], MaxPath),
            HasQuery = path < request.Target.Length,
            Status = gone ? 0 : exchange.Response.Status,
            Ingress = origin?.Name,
            Rule = rule,
            Upstream = exchange.Trace.Upstream?.Endpoint,
            Tries = exchange.Trace.Tries,
            Reason = gone ? ReplyReason.ClientGone : exchange.Trace.Reason,
        };
    }

    private static string Cut(string text, int length) => text.Length <= length ? text : string.Concat(text.AsSpan(0, length - 3), "...");
}
