using System.Text;

namespace Turnpike.Http;

/// <summary>Turns text in which each character is a byte of the wire into those bytes, and back.</summary>
public static class WireText
{
    /// <summary>
    /// Latin-1. A character that is wider than a byte becomes a control character, which no predicate of <see cref="HttpSyntax"/> lets
    /// through: such text is refused where all text is, and nothing else has to look for it.
    /// </summary>
    public static Encoding Encoding { get; } =
        Encoding.GetEncoding(Encoding.Latin1.CodePage, new EncoderReplacementFallback("\u0001"), DecoderFallback.ReplacementFallback);
}
