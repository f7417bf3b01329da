using System.Buffers;
using System.Net;

namespace Turnpike.Http;

/// <summary>The value of <c>Host</c> and <c>:authority</c>: a host and perhaps a port (RFC 9110 §7.2, RFC 3986 §3.2).</summary>
public static class Authority
{
    private const string Unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const string SubDelims = "!$&'()*+,;=";

    private static readonly SearchValues<char> NameChars = SearchValues.Create(Unreserved + SubDelims);
    private static readonly SearchValues<char> AddressChars = SearchValues.Create("0123456789abcdefABCDEF:.");

    /// <summary>
    /// Whether this is a host, not empty, with an optional port from 0 to 65535. User information, zones of addresses, addresses of
    /// a future version and a colon without digits are refused: nothing that a server must understand has them.
    /// </summary>
    public static bool IsValid(ReadOnlySpan<char> text)
    {
        var colon = text.LastIndexOf(':');
        if (text is ['[', ..])
        {
            var end = text.IndexOf(']');
            return end > 0 && IsAddress(text[1..end]) && (end == text.Length - 1 || (colon == end + 1 && IsPort(text[(colon + 1)..])));
        }
        return colon < 0 ? IsName(text) : IsName(text[..colon]) && IsPort(text[(colon + 1)..]);
    }

    private static bool IsName(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
            return false;
        while (text.IndexOfAnyExcept(NameChars) is >= 0 and var at)
        {
            if (text[at] != '%' || text.Length < at + 3 || !char.IsAsciiHexDigit(text[at + 1]) || !char.IsAsciiHexDigit(text[at + 2]))
                return false;
            text = text[(at + 3)..];
        }
        return true;
    }

    private static bool IsAddress(ReadOnlySpan<char> text) =>
        !text.ContainsAnyExcept(AddressChars) && text.Contains(':')
        && IPAddress.TryParse(text, out _);

    private static bool IsPort(ReadOnlySpan<char> text) =>
        text.Length <= 5 && HttpSyntax.TryParseContentLength(text, out var port) && port <= 65535;
}
