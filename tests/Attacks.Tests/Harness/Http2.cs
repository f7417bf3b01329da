using System.Buffers.Binary;
using System.Text;

namespace Turnpike.Tests.Attacks.Harness;

/// <summary>Frames of HTTP/2 as an attacker writes them, whether or not they are allowed (RFC 9113).</summary>
internal static class Http2
{
    public const byte EndStream = 0x1;
    public const byte EndHeaders = 0x4;

    private const byte Data = 0x0;
    private const byte Headers = 0x1;
    private const byte Reset = 0x3;
    private const byte Settings = 0x4;
    private const byte Continuation = 0x9;

    /// <summary>The client's first words: the preface, its settings, and its word that it has seen the server's.</summary>
    public static byte[] Opening { get; } = [.. Preface, .. Frame(Settings, 0, 0, []), .. Frame(Settings, 0x1, 0, [])];

    public static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    public static byte[] HeadersFrame(int stream, byte flags, params ReadOnlySpan<(string Name, string Value)> fields) =>
        Frame(Headers, flags, stream, Block(fields));

    public static byte[] ContinuationFrame(int stream, byte flags, params ReadOnlySpan<(string Name, string Value)> fields) =>
        Frame(Continuation, flags, stream, Block(fields));

    public static byte[] DataFrame(int stream, byte flags, ReadOnlySpan<byte> data) => Frame(Data, flags, stream, data);

    public static byte[] ResetFrame(int stream) => Frame(Reset, 0, stream, [0, 0, 0, 8]);

    public static byte[] Frame(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8 | type);
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsSpan(9));
        return frame;
    }

    /// <summary>Writes every field as a literal that is not indexed: names and values byte for byte.</summary>
    private static byte[] Block(ReadOnlySpan<(string Name, string Value)> fields)
    {
        var block = new List<byte>();
        foreach (var (name, value) in fields)
        {
            block.Add(0);
            Text(block, name);
            Text(block, value);
        }
        return [.. block];
    }

    private static void Text(List<byte> block, string text)
    {
        var length = text.Length;
        if (length < 127)
        {
            block.Add((byte)length);
        }
        else
        {
            block.Add(127);
            for (length -= 127; length >= 128; length >>= 7)
                block.Add((byte)(length | 0x80));
            block.Add((byte)length);
        }
        block.AddRange(Encoding.Latin1.GetBytes(text));
    }
}
