using System.Collections.Frozen;
using System.Globalization;

namespace Turnpike.Pipeline;

/// <summary>Which headers of an answer reach the client.</summary>
internal static class ResponseHeaderRules
{
    public const string ServerName = "turnpike";

    private static readonly FrozenSet<string> Consumed = FrozenSet.ToFrozenSet(
        [
            "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "trailer",
            // The front writes the date, we the server.
            "server", "date", "x-envoy-upstream-service-time",
        ],
        StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> NoTrailers = FrozenSet.ToFrozenSet(
        ["content-length", "content-type", "content-encoding", "content-range", "host", "te"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a trailer may go to the client: one that frames the message or belongs to the connection may not (RFC 9110 §6.5.1).</summary>
    public static bool MayTrail(string name) => !Consumed.Contains(name) && !NoTrailers.Contains(name);

    /// <summary>Turns the headers of an endpoint's response into those for the client.</summary>
    /// <param name="from">The response.</param>
    /// <param name="received">An empty list, which gets the headers as they were received.</param>
    /// <param name="head">The head for the client.</param>
    /// <param name="serviceTime">The time that the endpoint took.</param>
    public static void Apply(UpstreamResponse from, HeaderList received, ResponseHead head, TimeSpan serviceTime)
    {
        from.CopyHeadersTo(received);
        var named = received.Joined("connection");
        head.Status = from.Status;
        foreach (ref readonly var header in received.Items)
        {
            if (Consumed.Contains(header.Name) || (named is not null && HeaderList.ListContains(named, header.Name)))
                continue;
            // Nothing may follow a 204, not even a promise of nothing; the front cannot send what follows a 205.
            if (from.Status is 204 or 205 && header.Name.Equals("content-length", StringComparison.OrdinalIgnoreCase))
                continue;
            head.Headers.Add(header.Name, header.Value);
        }
        head.Headers.Add("x-envoy-upstream-service-time", ((long)serviceTime.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
        head.Headers.Add("server", ServerName);
        head.ApplyPolicies();
    }
}
