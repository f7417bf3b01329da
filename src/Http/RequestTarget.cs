namespace Turnpike.Http;

/// <summary>
/// The path and query of a request. Each byte above 0x7f in them is percent-encoded; nothing else in them is ever changed. Whether the
/// result may go out is for <see cref="HttpSyntax.IsOriginForm"/> to say.
/// </summary>
public static class RequestTarget
{
    /// <summary>The length that the target has once it is encoded.</summary>
    public static int EncodedLength(ReadOnlySpan<byte> target)
    {
        var length = target.Length;
        if (!target.ContainsAnyInRange((byte)0x80, (byte)0xff))
            return length;
        foreach (var b in target)
            length += b > 0x7f ? 2 : 0;
        return length;
    }

    /// <summary>Encodes the target.</summary>
    /// <param name="target">Bytes as the client sent them.</param>
    /// <param name="encoded">Room for <see cref="EncodedLength"/> bytes.</param>
    public static void Encode(ReadOnlySpan<byte> target, Span<byte> encoded)
    {
        if (!target.ContainsAnyInRange((byte)0x80, (byte)0xff))
        {
            target.CopyTo(encoded);
            return;
        }
        var at = 0;
        foreach (var b in target)
        {
            if (b > 0x7f)
            {
                encoded[at++] = (byte)'%';
                encoded[at++] = Digit(b >> 4);
                encoded[at++] = Digit(b & 0xf);
            }
            else
            {
                encoded[at++] = b;
            }
        }
    }

    private static byte Digit(int value) => "0123456789ABCDEF"u8[value];
}
