using System.Text;
using Turnpike.Http;
using Turnpike.Primitives;
using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>Decides which headers of a request go upstream, and which headers the proxy adds.</summary>
internal static class RequestHeaderRules
{
    // The headers of the client that are not forwarded: those that frame the message, and those that are written again below.
    private static readonly KnownHeaderSet Consumed =
    [
        .. FramingHeaders.Names.Select(name => KnownHeaders.Of(name)).Where(name => name != KnownHeader.Expect),
        KnownHeader.XForwardedFor, KnownHeader.XForwardedProto, KnownHeader.XRequestId, KnownHeader.XForwardedClientCert,
        KnownHeader.XEnvoyExpectedRqTimeoutMs, KnownHeader.XEnvoyOriginalPath,
    ];

    /// <summary>Returns the scheme that the client used: as a trusted peer states it, or else that of the connection.</summary>
    public static ReadOnlySpan<byte> ForwardedScheme(Exchange exchange, bool trusted)
    {
        if (trusted && exchange.Request.Headers.TryGetFirst(KnownHeader.XForwardedProto, out var claimed)
            && (claimed.SequenceEqual("http"u8) || claimed.SequenceEqual("https"u8)))
        {
            return claimed;
        }
        return exchange.Connection.SchemeUtf8;
    }

    /// <summary>Adds the headers for upstream, those of the route included.</summary>
    public static void Forward(Exchange exchange, Route route, bool trusted, HeaderList forwarded)
    {
        var source = exchange.Request.Headers;
        source.TryCombine(KnownHeader.Connection, out var named);
        foreach (var header in source)
        {
            if (!Consumed.Contains(header.Known) && (trusted || !IsInternal(header.Name)) && !IsNamedIn(named, header.Name))
                forwarded.Add(header);
        }
        if (source.HasToken(KnownHeader.Te, "trailers"u8))
            forwarded.Add(KnownHeader.Te, "trailers"u8);
        AddClient(exchange, forwarded, trusted);
        var expected = TimeoutOfOneTry(route);
        if (expected > TimeSpan.Zero)
            forwarded.Add(KnownHeader.XEnvoyExpectedRqTimeoutMs, (long)Math.Ceiling(expected.TotalMilliseconds));
        if (route.Rewrite?.Path is not null)
            forwarded.Add(KnownHeader.XEnvoyOriginalPath, exchange.Request.Target);
        foreach (var header in route.AppendHeaders)
        {
            if (!FramingHeaders.Names.Contains(header.Name))
                forwarded.Add(header.Name, header.Value);
        }
    }

    /// <summary>Returns the time that upstream has for one try: the per-try timeout, else the total. Zero means no limit.</summary>
    public static TimeSpan TimeoutOfOneTry(Route route) => PerTryTimeout(route) is { } perTry ? perTry : route.Timeout;

    /// <summary>Returns the per-try timeout; null when there is none, or when the total is not longer.</summary>
    public static TimeSpan? PerTryTimeout(Route route) =>
        route.Retry is { PerTryTimeout: { Ticks: > 0 } perTry } && (route.Timeout == TimeSpan.Zero || perTry < route.Timeout)
            ? perTry
            : null;

    private static void AddClient(Exchange exchange, HeaderList forwarded, bool trusted)
    {
        var source = exchange.Request.Headers;
        AddChain(source, exchange.Connection.PeerUtf8, forwarded);
        forwarded.Add(KnownHeader.XForwardedProto, ForwardedScheme(exchange, trusted));
        if (trusted && source.TryGetFirst(KnownHeader.XRequestId, out var id) && !id.IsEmpty)
            forwarded.Add(KnownHeader.XRequestId, id);
        else
            RequestId.Write(forwarded.Add(KnownHeader.XRequestId, RequestId.TextLength));
        if (!trusted && !exchange.Connection.PeerUtf8.IsEmpty)
            forwarded.Add(KnownHeader.XEnvoyExternalAddress, exchange.Connection.PeerUtf8);
    }

    /// <summary>Adds the addresses that the request came through, the client's own after those that it names.</summary>
    private static void AddChain(HeaderList source, ReadOnlySpan<byte> peer, HeaderList forwarded)
    {
        var isNamed = source.TryCombine(KnownHeader.XForwardedFor, out var chain);
        if (peer.IsEmpty || chain.IsEmpty)
        {
            if (isNamed || !peer.IsEmpty)
                forwarded.Add(KnownHeader.XForwardedFor, peer.IsEmpty ? chain : peer);
            return;
        }
        var separator = ", "u8;
        var room = forwarded.Add(KnownHeader.XForwardedFor, chain.Length + separator.Length + peer.Length);
        chain.CopyTo(room);
        separator.CopyTo(room[chain.Length..]);
        peer.CopyTo(room[(chain.Length + separator.Length)..]);
    }

    private static bool IsInternal(ReadOnlySpan<byte> name)
    {
        var prefix = "x-envoy-"u8;
        return name.Length >= prefix.Length && Ascii.EqualsIgnoreCase(name[..prefix.Length], prefix);
    }

    private static bool IsNamedIn(ReadOnlySpan<byte> connection, ReadOnlySpan<byte> name) =>
        !connection.IsEmpty && HeaderList.ListContains(connection, name);
}
