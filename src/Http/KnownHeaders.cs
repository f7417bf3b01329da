using System.Text;

namespace Turnpike.Http;

/// <summary>
/// Finds the number of a header name, and the name of a number. This is the one place that relates them: a new name gets a member of
/// <see cref="KnownHeader"/> and its line here. A lookup hashes five bytes, reads one slot of a table without collisions and compares one
/// name, whatever the number of names.
/// </summary>
public static class KnownHeaders
{
    private const int Slots = 2048;

    private static readonly string[] Texts =
    [
        "",
        "accept",
        "accept-encoding",
        "accept-language",
        "accept-ranges",
        "access-control-allow-credentials",
        "access-control-allow-headers",
        "access-control-allow-methods",
        "access-control-allow-origin",
        "access-control-expose-headers",
        "access-control-max-age",
        "access-control-request-headers",
        "access-control-request-method",
        "age",
        "allow",
        "authorization",
        "b3",
        "cache-control",
        "connection",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-location",
        "content-range",
        "content-security-policy",
        "content-type",
        "cookie",
        "date",
        "etag",
        "expect",
        "expires",
        "forwarded",
        "grpc-encoding",
        "grpc-message",
        "grpc-status",
        "grpc-timeout",
        "host",
        "http2-settings",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "keep-alive",
        "last-modified",
        "link",
        "location",
        "max-forwards",
        "origin",
        "pragma",
        "priority",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "range",
        "referer",
        "retry-after",
        "sec-fetch-dest",
        "sec-fetch-mode",
        "sec-fetch-site",
        "sec-websocket-accept",
        "sec-websocket-extensions",
        "sec-websocket-key",
        "sec-websocket-protocol",
        "sec-websocket-version",
        "server",
        "set-cookie",
        "strict-transport-security",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "upgrade-insecure-requests",
        "user-agent",
        "vary",
        "via",
        "www-authenticate",
        "x-b3-flags",
        "x-b3-parentspanid",
        "x-b3-sampled",
        "x-b3-spanid",
        "x-b3-traceid",
        "x-content-type-options",
        "x-envoy-expected-rq-timeout-ms",
        "x-envoy-external-address",
        "x-envoy-original-path",
        "x-envoy-overloaded",
        "x-envoy-upstream-service-time",
        "x-forwarded-client-cert",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-proto",
        "x-frame-options",
        "x-ot-span-context",
        "x-real-ip",
        "x-request-id",
        "x-requested-with",
    ];

    private static readonly byte[][] Names = [.. Texts.Select(text => Encoding.ASCII.GetBytes(text))];
    private static readonly string[] TitleTexts = [.. Texts.Select(InTitleCase)];
    private static readonly byte[][] TitleNames = [.. TitleTexts.Select(text => Encoding.ASCII.GetBytes(text))];
    private static readonly int Longest = Names.Max(n => n.Length);
    private static readonly uint Seed = FindSeed();
    private static readonly byte[] BySlot = Fill(Seed) ?? [];

    /// <summary>How many names have a number; the numbers run from one to this.</summary>
    public static int Count => Names.Length - 1;

    /// <summary>The number of a name in any case; <see cref="KnownHeader.None"/> where it has none.</summary>
    public static KnownHeader Of(ReadOnlySpan<byte> name)
    {
        if (name.Length < 2 || name.Length > Longest)
            return KnownHeader.None;
        var found = BySlot[SlotOf(name, Seed)];
        return Ascii.EqualsIgnoreCase(Names[found], name) ? (KnownHeader)found : KnownHeader.None;
    }

    /// <summary>The same for a name as text.</summary>
    public static KnownHeader Of(string name)
    {
        Span<byte> bytes = stackalloc byte[Longest];
        return Encoding.ASCII.TryGetBytes(name, bytes, out var length) ? Of(bytes[..length]) : KnownHeader.None;
    }

    /// <summary>The name of a number, in lower case; empty for <see cref="KnownHeader.None"/>.</summary>
    public static ReadOnlySpan<byte> NameOf(KnownHeader header) => Names[(int)header];

    /// <summary>
    /// A name as text, in the case that it has. The two usual spellings of a name that has a number, <c>user-agent</c> and
    /// <c>User-Agent</c>, allocate nothing.
    /// </summary>
    /// <param name="header">The number of <paramref name="name"/>.</param>
    /// <param name="name">A name as it is on the wire.</param>
    public static string TextOf(KnownHeader header, ReadOnlySpan<byte> name) =>
        name.SequenceEqual(Names[(int)header]) ? Texts[(int)header]
        : name.SequenceEqual(TitleNames[(int)header]) ? TitleTexts[(int)header]
        : Encoding.Latin1.GetString(name);

    internal static byte[] BytesOf(KnownHeader header) => Names[(int)header];

    private static string InTitleCase(string name) =>
        string.Join('-', name.Split('-').Select(part => part.Length == 0 ? part : char.ToUpperInvariant(part[0]) + part[1..]));

    /// <summary>
    /// The length and four bytes tell all the names apart. A letter and its other case differ in one bit, which is set here.
    /// </summary>
    private static int SlotOf(ReadOnlySpan<byte> name, uint seed)
    {
        var end = name.Length - 1;
        var bytes = (uint)(name[0] | (name[end >> 1] << 8) | (name[Math.Max(0, end - 3)] << 16) | (name[end] << 24)) | 0x20202020u;
        var hash = (bytes ^ ((uint)name.Length * 0x9e3779b1u)) * seed;
        return (int)(hash >> 21);
    }

    private static uint FindSeed()
    {
        // This takes some tens of tries, and finds the same seed in every process.
        for (var seed = 0x01000193u; ; seed += 0x3c6ef372u)
        {
            if (Fill(seed) is not null)
                return seed;
        }
    }

    /// <summary>The numbers by slot, or null where two names have the same slot.</summary>
    private static byte[]? Fill(uint seed)
    {
        var slots = new byte[Slots];
        for (var i = 1; i < Names.Length; i++)
        {
            ref var slot = ref slots[SlotOf(Names[i], seed)];
            if (slot != 0)
                return null;
            slot = (byte)i;
        }
        return slots;
    }
}
