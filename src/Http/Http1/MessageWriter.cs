using System.Buffers;
using System.Globalization;

namespace Turnpike.Http.Http1;

/// <summary>
/// Writes the head of a request and the framing of its body, in the order in which they go out. Whatever is written has been let
/// through by <see cref="HttpSyntax"/>. What has not been is an error of the caller, and never reaches the buffer.
/// </summary>
public readonly struct MessageWriter(IBufferWriter<byte> output)
{
    // Sixteen hexadecimal digits and a line end.
    private const int LongestChunkStart = 18;

    /// <summary>Writes the request line and the Host header.</summary>
    /// <exception cref="ArgumentException">One of them may not go out.</exception>
    public void RequestLine(ReadOnlySpan<byte> method, ReadOnlySpan<byte> target, ReadOnlySpan<byte> host)
    {
        Require(HttpSyntax.IsMethod(method) && HttpSyntax.IsOriginForm(target) && Authority.IsValid(host));
        output.Write(method);
        output.Write(" "u8);
        output.Write(target);
        output.Write(" HTTP/1.1\r\nHost: "u8);
        output.Write(host);
        output.Write("\r\n"u8);
    }

    /// <summary>Writes a header or trailer field.</summary>
    /// <exception cref="ArgumentException">It may not go out.</exception>
    public void Field(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Require(HttpSyntax.IsFieldName(name) && HttpSyntax.IsFieldValue(value));
        output.Write(name);
        output.Write(": "u8);
        output.Write(value);
        output.Write("\r\n"u8);
    }

    public void ContentLength(long length)
    {
        output.Write("Content-Length: "u8);
        Span<byte> digits = stackalloc byte[20];
        length.TryFormat(digits, out var count, default, CultureInfo.InvariantCulture);
        output.Write(digits[..count]);
        output.Write("\r\n"u8);
    }

    public void Chunked() => output.Write("Transfer-Encoding: chunked\r\n"u8);

    /// <summary>Writes the headers that ask for a WebSocket.</summary>
    public void Upgrade() => output.Write("Connection: Upgrade\r\nUpgrade: websocket\r\n"u8);

    /// <summary>Writes the empty line after header or trailer fields.</summary>
    public void EndFields() => output.Write("\r\n"u8);

    /// <summary>Writes what precedes a chunk of this many bytes, at least one.</summary>
    public void ChunkStart(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        Span<byte> line = stackalloc byte[LongestChunkStart];
        size.TryFormat(line, out var count, "x", CultureInfo.InvariantCulture);
        output.Write(line[..count]);
        output.Write("\r\n"u8);
    }

    /// <summary>Writes what follows a chunk.</summary>
    public void ChunkEnd() => output.Write("\r\n"u8);

    /// <summary>Writes the end of a chunked body. Trailer fields and <see cref="EndFields"/> come after it.</summary>
    public void LastChunk() => output.Write("0\r\n"u8);

    private static void Require(bool right)
    {
        if (!right)
            throw new ArgumentException("this text may not go into a message");
    }
}
