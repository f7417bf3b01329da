using System.Buffers;

namespace Turnpike.Http;

/// <summary>The path and query of a request.</summary>
public static class RequestTarget
{
    private static readonly SearchValues<char> HighBytes = SearchValues.Create([.. Enumerable.Range(0x80, 0x80).Select(c => (char)c)]);

    /// <summary>
    /// Percent-encodes each byte above 0x7f, where there are any, and says whether the result may go out as a target in origin
    /// form. Where it may not, it is to be refused; nothing else in it is ever changed.
    /// </summary>
    /// <param name="target">Each character is a byte of what the client sent.</param>
    /// <param name="encoded">The same text where there was nothing to encode.</param>
    public static bool TryEncode(string target, out string encoded)
    {
        encoded = target.AsSpan().ContainsAny(HighBytes) ? Encode(target) : target;
        return HttpSyntax.IsOriginForm(encoded);
    }

    private static string Encode(string target)
    {
        var length = target.Length;
        foreach (var c in target)
            length += IsHighByte(c) ? 2 : 0;
        return string.Create(length, target, static (span, source) =>
        {
            var at = 0;
            foreach (var c in source)
            {
                if (IsHighByte(c))
                {
                    span[at++] = '%';
                    span[at++] = Digit(c >> 4);
                    span[at++] = Digit(c & 0xf);
                }
                else
                {
                    span[at++] = c;
                }
            }
        });
    }

    private static bool IsHighByte(char c) => c is >= '\u0080' and <= '\u00ff';

    private static char Digit(int value) => "0123456789ABCDEF"[value];
}
