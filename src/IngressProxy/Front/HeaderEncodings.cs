using System.Text;

namespace Turnpike.IngressProxy.Front;

/// <summary>How Kestrel reads the bytes of header values.</summary>
internal static class HeaderEncodings
{
    private static readonly DigitsEncoding Digits = new();

    /// <summary>A character for each byte, and of lengths the digits only.</summary>
    public static Encoding Of(string name) => name.Equals("content-length", StringComparison.OrdinalIgnoreCase) ? Digits : Encoding.Latin1;

    /// <summary>
    /// Kestrel keeps the length of a body as a number, and reads into it more than a length may be: signs, blanks, a NUL at the end.
    /// It asks for an encoding first. This one makes of anything but digits, and of more digits than the largest number has, a
    /// text that is no number.
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
