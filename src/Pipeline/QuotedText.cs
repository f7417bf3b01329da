using System.Globalization;
using System.Text;

namespace Turnpike.Pipeline;

/// <summary>
/// Makes what a client wrote fit to be shown to it: in quotes, bounded, and of characters that neither a terminal nor a browser acts on.
/// </summary>
internal static class QuotedText
{
    /// <param name="text">Bytes as the client wrote them.</param>
    /// <param name="length">The number of bytes that are kept; the end of a longer text is cut off, and an ellipsis says so.</param>
    public static string Of(ReadOnlySpan<byte> text, int length)
    {
        var quoted = new StringBuilder(Math.Min(text.Length, length) + 8).Append('"');
        foreach (var b in text[..Math.Min(text.Length, length)])
        {
            var c = (char)b;
            if (c is > ' ' and < '\x7f' and not ('"' or '\\' or '<' or '>' or '&'))
                quoted.Append(c);
            else
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{{{(int)c:X2}}}");
        }
        return quoted.Append(text.Length > length ? "...\"" : "\"").ToString();
    }
}
