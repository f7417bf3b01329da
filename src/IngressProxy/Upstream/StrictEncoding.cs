using System.Text;
using Turnpike.Http;

namespace Turnpike.IngressProxy.Upstream;

/// <summary>
/// Reads the values of headers, a character for each byte. The client library makes blanks of line ends before anybody sees them;
/// this encoding, which it asks first, makes of a value that breaks a rule one that no later look lets through.
/// </summary>
internal sealed class StrictEncoding : Encoding
{
    /// <summary>No field value has it.</summary>
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
