using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Turnpike.Tests.IngressProxy.Harness;

internal enum FrameType : byte
{
    Data = 0,
    Headers = 1,
    Priority = 2,
    RstStream = 3,
    Settings = 4,
    Ping = 6,
    GoAway = 7,
    WindowUpdate = 8,
    Continuation = 9,
}

internal readonly record struct Frame(FrameType Type, byte Flags, int Stream, byte[] Payload)
{
    public const byte EndStream = 1;
    public const byte EndHeaders = 4;
}

/// <summary>A client that sends the frames of HTTP/2 that a test wants, however wrong, and shows those that it gets.</summary>
internal sealed class RawHttp2 : IDisposable
{
    public const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    private readonly RawConnection _connection;

    private RawHttp2(RawConnection connection) => _connection = connection;

    public RawConnection Connection => _connection;

    public static async Task<RawHttp2> ConnectAsync(IPEndPoint endpoint)
    {
        var client = new RawHttp2(await RawConnection.ConnectAsync(endpoint));
        await client._connection.WriteAsync(Preface);
        await client.WriteAsync(FrameType.Settings, 0, 0, []);
        return client;
    }

    public static byte[] Encode(FrameType type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[9 + payload.Length];
        frame[0] = (byte)(payload.Length >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(1), (ushort)payload.Length);
        frame[3] = (byte)type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsSpan(9));
        return frame;
    }

    /// <summary>A header block of literals that are not indexed; a character is a byte.</summary>
    public static byte[] Block(params (string Name, string Value)[] fields)
    {
        var block = new MemoryStream();
        foreach (var (name, value) in fields)
        {
            block.WriteByte(0);
            WriteText(block, name);
            WriteText(block, value);
        }
        return block.ToArray();
    }

    /// <summary>The pseudo-headers of a request, and more fields.</summary>
    public static (string Name, string Value)[] Request(
        string method,
        string path,
        string authority = "a",
        params (string Name, string Value)[] more
    ) => [(":method", method), (":scheme", "http"), (":path", path), (":authority", authority), .. more];

    public ValueTask WriteAsync(FrameType type, byte flags, int stream, byte[] payload) =>
        _connection.WriteAsync(Encode(type, flags, stream, payload));

    public ValueTask HeadersAsync(int stream, bool end, params (string Name, string Value)[] fields) =>
        WriteAsync(FrameType.Headers, (byte)(Frame.EndHeaders | (end ? Frame.EndStream : 0)), stream, Block(fields));

    public ValueTask DataAsync(int stream, bool end, string text) =>
        WriteAsync(FrameType.Data, end ? Frame.EndStream : (byte)0, stream, Encoding.Latin1.GetBytes(text));

    public async Task<Frame> ReadAsync()
    {
        var head = await _connection.ReadBytesAsync(9);
        var length = (head[0] << 16) | BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(1));
        return new Frame(
            (FrameType)head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)), await _connection.ReadBytesAsync(length));
    }

    /// <summary>Returns the outcome of a request: the status of its response, <c>reset</c>, <c>goaway</c> or <c>closed</c>.</summary>
    public async Task<string> OutcomeAsync(int stream)
    {
        try
        {
            while (true)
            {
                var frame = await ReadAsync();
                if (frame.Type == FrameType.GoAway && BinaryPrimitives.ReadInt32BigEndian(frame.Payload.AsSpan(4)) != 0)
                    return "goaway";
                if (frame.Stream == stream && frame.Type == FrameType.RstStream)
                    return "reset";
                if (frame.Stream == stream && frame.Type == FrameType.Headers)
                    return Status(frame.Payload);
            }
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return "closed";
        }
    }

    /// <summary>The body of a response whose head was read, to its end.</summary>
    public async Task<string> BodyAsync(int stream)
    {
        var body = new StringBuilder();
        while (true)
        {
            var frame = await ReadAsync();
            if (frame.Stream == stream && frame.Type == FrameType.Data)
                body.Append(Encoding.Latin1.GetString(frame.Payload));
            if (frame.Stream == stream && (frame.Flags & Frame.EndStream) != 0)
                return body.ToString();
        }
    }

    public void Dispose() => _connection.Dispose();

    /// <summary>The server writes the status first, from the static table or as a plain literal.</summary>
    private static string Status(ReadOnlySpan<byte> block)
    {
        while ((block[0] & 0xe0) == 0x20)
        {
            var more = (block[0] & 0x1f) == 0x1f;
            block = block[1..];
            while (more)
            {
                more = (block[0] & 0x80) != 0;
                block = block[1..];
            }
        }
        string[] known = ["200", "204", "206", "304", "400", "404", "500"];
        return (block[0] & 0x80) != 0
            ? known[(block[0] & 0x7f) - 8]
            : Encoding.ASCII.GetString(block.Slice(2, 3)) is var text && int.TryParse(text, CultureInfo.InvariantCulture, out _)
                ? text
                : throw new InvalidDataException($"no status in {Convert.ToHexString(block)}");
    }

    private static void WriteText(MemoryStream block, string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        if (bytes.Length < 127)
        {
            block.WriteByte((byte)bytes.Length);
        }
        else
        {
            block.WriteByte(127);
            var rest = bytes.Length - 127;
            for (; rest >= 128; rest >>= 7)
                block.WriteByte((byte)(rest | 128));
            block.WriteByte((byte)rest);
        }
        block.Write(bytes);
    }
}
