using System.Text;

namespace Turnpike.IngressProxy.Front;

/// <summary>The encodings with which Kestrel reads the bytes of header values.</summary>
internal static class HeaderEncodings
{
    private static readonly DigitsEncoding Digits = new();

    /// <summary>The encoding for a header: a character for each byte, and for lengths digits only.</summary>
    public static Encoding Of(string name) => name.Equals("content-length", StringComparison.OrdinalIgnoreCase) ? Digits : Encoding.Latin1;

    /// <summary>
    /// Kestrel parses the length of a body leniently: it accepts signs, blanks and a NUL at the end. It decodes the value first. This
    /// encoding turns everything but digits, and more digits than the largest number has, into a text that is not a number.
    /// </summary>
    private sealed class DigitsEncoding : Encoding
    {
        private const int MaxDigits = 19;
        private const char NoDigit = '?';

        /// <inheritdoc/>
        public override int GetByteCount(char[] chars, int index, int count) => count;

        /// <inheritdoc/>
        public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
            Latin1.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

        /// <inheritdoc/>
        public override int GetCharCount(byte[] bytes, int index, int count) => GetCharCount(bytes.AsSpan(index, count));

        /// <inheritdoc/>
        public override int GetCharCount(ReadOnlySpan<byte> bytes) => IsLength(bytes) ? bytes.Length : 1;

        /// <inheritdoc/>
        public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex) =>
            GetChars(bytes.AsSpan(byteIndex, byteCount), chars.AsSpan(charIndex));

        /// <inheritdoc/>
        public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
        {
            if (IsLength(bytes))
                return Latin1.GetChars(bytes, chars);
            chars[0] = NoDigit;
            return 1;
        }

        /// <inheritdoc/>
        public override int GetMaxByteCount(int charCount) => charCount;

        /// <inheritdoc/>
        public override int GetMaxCharCount(int byteCount) => Math.Max(1, byteCount);

        private static bool IsLength(ReadOnlySpan<byte> bytes) =>
            bytes.Length is > 0 and <= MaxDigits && !bytes.ContainsAnyExceptInRange((byte)'0', (byte)'9');
    }
}
