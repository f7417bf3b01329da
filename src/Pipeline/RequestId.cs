using System.Security.Cryptography;

namespace Turnpike.Pipeline;

/// <summary>
/// Makes identifiers for requests. Random bytes come from the system a block at a time, because a call for each identifier would cost more
/// than the request.
/// </summary>
internal static class RequestId
{
    private const int Length = 16;
    private const int BlockLength = 64 * Length;

    [ThreadStatic]
    private static byte[]? _block;

    [ThreadStatic]
    private static int _left;

    /// <summary>The length of an identifier as text.</summary>
    public const int TextLength = 36;

    /// <summary>Writes a random UUID (version 4) as text.</summary>
    /// <param name="text">Room for <see cref="TextLength"/> bytes.</param>
    public static void Write(Span<byte> text)
    {
        _block ??= new byte[BlockLength];
        if (_left == 0)
        {
            RandomNumberGenerator.Fill(_block);
            _left = BlockLength;
        }
        var bytes = _block.AsSpan(BlockLength - _left, Length);
        _left -= Length;
        // RFC 9562 §5.4: version and variant have fixed bits.
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        new Guid(bytes, bigEndian: true).TryFormat(text, out _);
    }
}
