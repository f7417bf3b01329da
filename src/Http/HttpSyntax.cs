using System.Buffers;

namespace Turnpike.Http;

/// <summary>
/// What may stand in a message, by RFC 9110 and RFC 9112, stated once. Text is made of characters up to U+00FF, each of which is
/// one byte on the wire. Everything from a client, an endpoint or an object is hostile until one of these has let it through.
/// </summary>
public static class HttpSyntax
{
    private const string TokenCharacters = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private static readonly SearchValues<char> TokenChars = SearchValues.Create(TokenCharacters);
    private static readonly SearchValues<byte> TokenBytes = SearchValues.Create([.. TokenCharacters.Select(c => (byte)c)]);
    private static readonly SearchValues<char> ControlChars = SearchValues.Create([.. Controls().Select(c => (char)c)]);
    private static readonly SearchValues<byte> ControlBytes = SearchValues.Create([.. Controls()]);
    private static readonly SearchValues<char> TargetChars = SearchValues.Create([.. Visible().Where(c => c != '#')]);

    /// <summary>A token: what names of fields and methods are made of (RFC 9110 §5.6.2).</summary>
    public static bool IsToken(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExcept(TokenChars);

    /// <inheritdoc cref="IsToken(ReadOnlySpan{char})"/>
    public static bool IsToken(ReadOnlySpan<byte> text) => !text.IsEmpty && !text.ContainsAnyExcept(TokenBytes);

    /// <summary>A method (RFC 9110 §9.1).</summary>
    public static bool IsMethod(ReadOnlySpan<char> text) => IsToken(text);

    /// <summary>The name of a header or trailer field (RFC 9110 §5.1). A pseudo-header of HTTP/2 is none.</summary>
    public static bool IsFieldName(ReadOnlySpan<char> text) => IsToken(text);

    /// <inheritdoc cref="IsFieldName(ReadOnlySpan{char})"/>
    public static bool IsFieldName(ReadOnlySpan<byte> text) => IsToken(text);

    /// <summary>
    /// The value of a field (RFC 9110 §5.5): no control character but the tab, no blank or tab at either end, nothing that is more
    /// than one byte. Empty is right.
    /// </summary>
    public static bool IsFieldValue(ReadOnlySpan<char> text) =>
        !text.ContainsAny(ControlChars) && !text.ContainsAnyInRange('\u0100', '\uffff') && !IsBlank(text, 0) && !IsBlank(text, text.Length - 1);

    /// <inheritdoc cref="IsFieldValue(ReadOnlySpan{char})"/>
    public static bool IsFieldValue(ReadOnlySpan<byte> text) =>
        !text.ContainsAny(ControlBytes) && (text.IsEmpty || !(text[0] is (byte)' ' or (byte)'\t' || text[^1] is (byte)' ' or (byte)'\t'));

    /// <summary>
    /// A request target in origin form, as it may go out: a slash, then visible ASCII without <c>#</c> (RFC 9112 §3.2.1). Characters
    /// that a URI has to encode but that end nothing, such as <c>|</c> and <c>{</c>, are let through as servers let them.
    /// </summary>
    public static bool IsOriginForm(ReadOnlySpan<char> text) => text is ['/', ..] && !text.ContainsAnyExcept(TargetChars);

    /// <summary>A status code (RFC 9110 §15).</summary>
    public static bool IsStatus(int status) => status is >= 100 and <= 599;

    /// <summary>A Content-Length: digits only, and a number that fits (RFC 9110 §8.6).</summary>
    public static bool TryParseContentLength(ReadOnlySpan<char> text, out long length)
    {
        length = 0;
        foreach (var c in text)
        {
            if (!char.IsAsciiDigit(c) || !TryAddDigit(ref length, c - '0'))
                return false;
        }
        return !text.IsEmpty;
    }

    /// <inheritdoc cref="TryParseContentLength(ReadOnlySpan{char}, out long)"/>
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

    private static bool IsBlank(ReadOnlySpan<char> text, int at) => !text.IsEmpty && text[at] is ' ' or '\t';

    private static IEnumerable<byte> Controls() => Enumerable.Range(0, 0x20).Append(0x7f).Where(c => c != '\t').Select(c => (byte)c);

    private static IEnumerable<char> Visible() => Enumerable.Range(0x21, 0x5e).Select(c => (char)c);
}
