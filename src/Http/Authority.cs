using System.Buffers;
using System.Net;

namespace Turnpike.Http;

/// <summary>The value of <c>Host</c> and <c>:authority</c>: a host with an optional port (RFC 9110 §7.2, RFC 3986 §3.2).</summary>
public static class Authority
{
    private static readonly SearchValues<byte> NameBytes =
        SearchValues.Create("-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!$&'()*+,;="u8);

    private static readonly SearchValues<byte> AddressBytes = SearchValues.Create("0123456789abcdefABCDEF:."u8);

    /// <summary>
    /// Returns true for a host, which is not empty, with an optional port from 0 to 65535. User information, zones of addresses, addresses
    /// of a future version and a colon without digits are refused, because no server has to understand them.
    /// </summary>
    public static bool IsValid(ReadOnlySpan<byte> text)
    {
        var colon = text.LastIndexOf((byte)':');
        if (text is [(byte)'[', ..])
        {
            var end = text.IndexOf((byte)']');
            return end > 0 && IsAddress(text[1..end]) && (end == text.Length - 1 || (colon == end + 1 && IsPort(text[(colon + 1)..])));
        }
        return colon < 0 ? IsName(text) : IsName(text[..colon]) && IsPort(text[(colon + 1)..]);
    }

    private static bool IsName(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
            return false;
        while (text.IndexOfAnyExcept(NameBytes) is >= 0 and var at)
        {
            if (text[at] != '%' || text.Length < at + 3 || !IsHexDigit(text[at + 1]) || !IsHexDigit(text[at + 2]))
                return false;
            text = text[(at + 3)..];
        }
        return true;
    }

    private static bool IsHexDigit(byte b) => char.IsAsciiHexDigit((char)b);

    private static bool IsAddress(ReadOnlySpan<byte> text) =>
        !text.ContainsAnyExcept(AddressBytes) && text.Contains((byte)':') && IPAddress.IsValidUtf8(text);

    private static bool IsPort(ReadOnlySpan<byte> text) =>
        text.Length <= 5 && HttpSyntax.TryParseContentLength(text, out var port) && port <= 65535;
}
