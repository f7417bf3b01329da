using System.Buffers;

namespace Turnpike.Http;

/// <summary>
/// The rules of RFC 9110 and RFC 9112 on what a message may contain, each stated once, over bytes of the wire. Everything from a client, an
/// endpoint or an object is hostile until one of these predicates has let it through.
/// </summary>
public static class HttpSyntax
{
    private const string TokenCharacters = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private static readonly SearchValues<byte> TokenBytes = SearchValues.Create([.. TokenCharacters.Select(c => (byte)c)]);
    private static readonly SearchValues<byte> ControlBytes = SearchValues.Create([.. Controls()]);
    private static readonly SearchValues<byte> TargetBytes = SearchValues.Create([.. Visible().Where(b => b != '#')]);

    /// <summary>A token, of which the names of fields and methods are made (RFC 9110 §5.6.2).</summary>
    public static bool IsToken(ReadOnlySpan<byte> text) => !text.IsEmpty && !text.ContainsAnyExcept(TokenBytes);

    /// <summary>A method (RFC 9110 §9.1).</summary>
    public static bool IsMethod(ReadOnlySpan<byte> text) => IsToken(text);

    /// <summary>The name of a header or trailer field (RFC 9110 §5.1). A pseudo-header of HTTP/2 is not one.</summary>
    public static bool IsFieldName(ReadOnlySpan<byte> text) => IsToken(text);

    /// <summary>
    /// The value of a field (RFC 9110 §5.5): it has no control character except the tab, and no blank or tab at either end. It may be
    /// empty.
    /// </summary>
    public static bool IsFieldValue(ReadOnlySpan<byte> text) =>
        !text.ContainsAny(ControlBytes) && (text.IsEmpty || !(text[0] is (byte)' ' or (byte)'\t' || text[^1] is (byte)' ' or (byte)'\t'));

    /// <summary>
    /// A request target in origin form, as it may go out: a slash, then visible ASCII without <c>#</c> (RFC 9112 §3.2.1). Characters such
    /// as
    /// <c>|</c> and <c>{</c>, which a URI has to encode but which end nothing, are let through, as servers let them through.
    /// </summary>
    public static bool IsOriginForm(ReadOnlySpan<byte> text) => text is [(byte)'/', ..] && !text.ContainsAnyExcept(TargetBytes);

    /// <summary>A status code (RFC 9110 §15).</summary>
    public static bool IsStatus(int status) => status is >= 100 and <= 599;

    /// <summary>A Content-Length: digits only, and a number that fits (RFC 9110 §8.6).</summary>
    public static bool TryParseContentLength(ReadOnlySpan<byte> text, out long length)
    {
        length = 0;
        foreach (var b in text)
        {
            if (!char.IsAsciiDigit((char)b) || !TryAddDigit(ref length, b - '0'))
                return false;
        }
        return !text.IsEmpty;
    }

    private static bool TryAddDigit(ref long number, int digit)
    {
        if (number > (long.MaxValue - digit) / 10)
            return false;
        number = (number * 10) + digit;
        return true;
    }

    private static IEnumerable<byte> Controls() => Enumerable.Range(0, 0x20).Append(0x7f).Where(c => c != '\t').Select(c => (byte)c);

    private static IEnumerable<byte> Visible() => Enumerable.Range(0x21, 0x5e).Select(c => (byte)c);
}
