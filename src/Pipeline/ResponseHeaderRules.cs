using Turnpike.Http;

namespace Turnpike.Pipeline;

/// <summary>Decides which headers of a response reach the client.</summary>
internal static class ResponseHeaderRules
{
    private static readonly KnownHeaderSet Consumed =
    [
        KnownHeader.Connection, KnownHeader.KeepAlive, KnownHeader.ProxyConnection, KnownHeader.TransferEncoding, KnownHeader.Upgrade,
        KnownHeader.Trailer,
        // The front writes the date, and the proxy the name of the server.
        KnownHeader.Server, KnownHeader.Date, KnownHeader.XEnvoyUpstreamServiceTime,
    ];

    private static readonly KnownHeaderSet NoTrailers =
    [
        KnownHeader.ContentLength, KnownHeader.ContentType, KnownHeader.ContentEncoding, KnownHeader.ContentRange, KnownHeader.Host,
        KnownHeader.Te,
    ];

    public static ReadOnlySpan<byte> ServerName => "turnpike"u8;

    /// <summary>
    /// Returns true when a trailer may go to the client. One that frames the message or belongs to the connection may not (RFC 9110
    /// §6.5.1).
    /// </summary>
    public static bool MayTrail(ReadOnlySpan<byte> name) =>
        KnownHeaders.Of(name) is var known && !Consumed.Contains(known) && !NoTrailers.Contains(known);

    /// <summary>Turns the headers of an endpoint's response into those for the client.</summary>
    /// <param name="from">The response.</param>
    /// <param name="received">An empty list, which gets the headers as they were received.</param>
    /// <param name="head">The head for the client.</param>
    /// <param name="serviceTime">The time that the endpoint took.</param>
    public static void Apply(UpstreamResponse from, HeaderList received, ResponseHead head, TimeSpan serviceTime)
    {
        from.CopyHeadersTo(received);
        var isNaming = received.TryCombine(KnownHeader.Connection, out var named);
        head.Status = from.Status;
        foreach (var header in received)
        {
            if (Consumed.Contains(header.Known) || (isNaming && HeaderList.ListContains(named, header.Name)))
                continue;
            // A 204 must not announce a length, not even zero, and the front cannot send content after a 205.
            if (from.Status is 204 or 205 && header.Known == KnownHeader.ContentLength)
                continue;
            head.Headers.Add(header);
        }
        head.Headers.Add(KnownHeader.XEnvoyUpstreamServiceTime, (long)serviceTime.TotalMilliseconds);
        head.Headers.Add(KnownHeader.Server, ServerName);
        head.ApplyPolicies();
    }
}
