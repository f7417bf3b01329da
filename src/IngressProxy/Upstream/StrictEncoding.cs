using System.Text;
using Turnpike.Http;

namespace Turnpike.IngressProxy.Upstream;

/// <summary>
/// Decodes header values to a character for each byte. The client library replaces line ends by blanks after decoding. This encoding
/// therefore turns a value that breaks a rule into one that every later check refuses.
/// </summary>
internal sealed class StrictEncoding : Encoding
{
    /// <summary>A character that no field value may have.</summary>
    private const char Wrong = '\0';

    private StrictEncoding()
    {
    }

    public static StrictEncoding Instance { get; } = new();

    /// <inheritdoc/>
    public override int GetByteCount(char[] chars, int index, int count) => count;

    /// <inheritdoc/>
    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
        Latin1.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

    /// <inheritdoc/>
    public override int GetCharCount(byte[] bytes, int index, int count) => GetCharCount(bytes.AsSpan(index, count));

    /// <inheritdoc/>
    public override int GetCharCount(ReadOnlySpan<byte> bytes) => HttpSyntax.IsFieldValue(bytes) ? bytes.Length : 1;

    /// <inheritdoc/>
    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex) =>
        GetChars(bytes.AsSpan(byteIndex, byteCount), chars.AsSpan(charIndex));

    /// <inheritdoc/>
    public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
    {
        if (HttpSyntax.IsFieldValue(bytes))
            return Latin1.GetChars(bytes, chars);
        chars[0] = Wrong;
        return 1;
    }

    /// <inheritdoc/>
    public override int GetMaxByteCount(int charCount) => charCount;

    /// <inheritdoc/>
    public override int GetMaxCharCount(int byteCount) => Math.Max(1, byteCount);
}
