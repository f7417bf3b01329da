using System.Buffers;
using System.Text;
using Turnpike.Http.Http1;

namespace Turnpike.Tests.Routing.Http;

public sealed class ChunkedTests
{
    public static TheoryData<string, string, string> Bodies => new()
    {
        { "0\r\n\r\n", "", "" },
        { "5\r\nhello\r\n0\r\n\r\n", "hello", "" },
        { "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", "hello!", "" },
        { "00000000000000000005\r\nhello\r\n000\r\n\r\n", "hello", "" },
        { "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789", "" },
        { "5;a=b\r\nhello\r\n0;c=\"d;e\"\r\n\r\n", "hello", "" },
        { "5  \r\nhello\r\n0 \t;x\r\n\r\n", "hello", "" },
        { "2\r\n\r\n\r\n0\r\n\r\n", "\r\n", "" },
        { "5\r\nhello\r\n0\r\nX-Sum: 42\r\nx-more:\r\n\r\n", "hello", "X-Sum=42,x-more=" },
    };

    public static TheoryData<string> Malformed =>
    [
        "\r\n\r\n",
        "g\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "5 5\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\r\rhello\r\n0\r\n\r\n",
        "5;a\nb\r\nhello\r\n0\r\n\r\n",
        "5;a\0\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloo\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "8000000000000000\r\n",
        "10000000000000005\r\nhello\r\n0\r\n\r\n",
        "0\r\nX: 1\n\r\n",
        "0\r\n\n",
        "0\r\nX : 1\r\n\r\n",
        "0\r\nX: 1\r\n 2\r\n\r\n",
        "0\r\nX: a\0\r\n\r\n",
    ];

    [Theory]
    [MemberData(nameof(Bodies))]
    public void Body_IsReadTheSame_CutAnywhere(string body, string expected, string trailers)
    {
        var bytes = Encoding.Latin1.GetBytes(body + "NEXT");
        for (var first = 0; first <= body.Length; first++)
        {
            for (var second = first; second <= body.Length; second++)
            {
                var decoder = new ChunkedDecoder();
                decoder.Begin();
                var text = new StringBuilder();
                var status = ParseStatus.NeedMore;
                var left = 0;
                foreach (var piece in new[] { bytes[..first], bytes[first..second], bytes[second..] })
                {
                    if (status != ParseStatus.Complete)
                        (status, left) = Feed(decoder, piece, text);
                    else
                        left += piece.Length;
                }
                Assert.Equal((ParseStatus.Complete, expected, 4), (status, text.ToString(), left));
                Assert.Equal(trailers, string.Join(',', Trailers(decoder)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Malformed))]
    public void MalformedBody_IsRefused_CutAnywhere(string body)
    {
        var bytes = Encoding.Latin1.GetBytes(body);
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            var decoder = new ChunkedDecoder();
            decoder.Begin();
            Feed(decoder, bytes[..cut], new StringBuilder());
            Assert.Equal(ParseStatus.Malformed, Feed(decoder, bytes[cut..], new StringBuilder()).Status);
            Assert.NotNull(decoder.Fault);
        }
    }

    [Fact]
    public void LinesAndTrailers_HaveBounds()
    {
        Assert.Equal(ParseStatus.Malformed, Whole("5;" + new string('a', ChunkedDecoder.MaxLine) + "\r\nhello\r\n0\r\n\r\n"));
        Assert.Equal(ParseStatus.Malformed, Whole(new string('0', ChunkedDecoder.MaxLine + 1) + "\r\n\r\n"));
        Assert.Equal(ParseStatus.Malformed, Whole("0\r\nX: " + new string('a', ChunkedDecoder.MaxTrailerBytes)));
        Assert.Equal(ParseStatus.Malformed, Whole("0\r\n" + string.Concat(Enumerable.Repeat("a:b\r\n", 1001)) + "\r\n"));
        Assert.Equal(ParseStatus.Complete, Whole("0\r\n" + string.Concat(Enumerable.Repeat("a:b\r\n", 1000)) + "\r\n"));
        Assert.Equal(ParseStatus.Complete, Whole("0\r\nX: " + new string('a', ChunkedDecoder.MaxTrailerBytes - 7) + "\r\n\r\n"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(65536)]
    public void WrittenBody_IsReadAgain(int size)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new MessageWriter(output);
        writer.ChunkStart(size);
        output.Write(new byte[size]);
        writer.ChunkEnd();
        writer.LastChunk();
        writer.Field("X-Sum"u8, "42"u8);
        writer.EndFields();
        var decoder = new ChunkedDecoder();
        decoder.Begin();
        var text = new StringBuilder();

        Assert.Equal(ParseStatus.Complete, Feed(decoder, output.WrittenSpan.ToArray(), text).Status);

        Assert.Equal(size, text.Length);
        Assert.Equal(["X-Sum=42"], Trailers(decoder));
    }

    [Fact]
    public void RequestHead_IsWhatWasSaid()
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new MessageWriter(output);
        writer.RequestLine("POST"u8, "/a?b"u8, "example.com:80"u8);
        writer.Field("x-one"u8, [0xfc]);
        writer.ContentLength(long.MaxValue);
        writer.EndFields();

        Assert.Equal("POST /a?b HTTP/1.1\r\nHost: example.com:80\r\nx-one: \u00fc\r\nContent-Length: 9223372036854775807\r\n\r\n", Encoding.Latin1.GetString(output.WrittenSpan));
    }

    [Theory]
    [InlineData("GE T", "/", "a")]
    [InlineData("GET", "/a b", "a")]
    [InlineData("GET", "/\u00ff", "a")]
    [InlineData("GET", "/", "a\r\nb")]
    public void RequestLine_IsGuardedAtTheLastPlace(string method, string target, string host)
    {
        var output = new ArrayBufferWriter<byte>();

        Assert.Throws<ArgumentException>(() => new MessageWriter(output).RequestLine(Latin1(method), Latin1(target), Latin1(host)));

        Assert.Equal(0, output.WrittenCount);
    }

    [Theory]
    [InlineData("a b", "")]
    [InlineData("a", "b\r\nc")]
    [InlineData("a", "b\0")]
    public void Field_IsGuardedAtTheLastPlace(string name, string value)
    {
        var output = new ArrayBufferWriter<byte>();

        Assert.Throws<ArgumentException>(() => new MessageWriter(output).Field(Latin1(name), Latin1(value)));

        Assert.Equal(0, output.WrittenCount);
    }

    private static byte[] Latin1(string text) => Encoding.Latin1.GetBytes(text);

    private static ParseStatus Whole(string body)
    {
        var decoder = new ChunkedDecoder();
        decoder.Begin();
        return Feed(decoder, Encoding.Latin1.GetBytes(body), new StringBuilder()).Status;
    }

    private static (ParseStatus Status, int Left) Feed(ChunkedDecoder decoder, byte[] bytes, StringBuilder text)
    {
        var at = 0;
        while (true)
        {
            var status = decoder.Read(bytes.AsSpan(at), out var consumed, out var data);
            at += consumed;
            text.Append(Encoding.Latin1.GetString(data));
            if (status != ParseStatus.Data)
                return (status, bytes.Length - at);
        }
    }

    private static IEnumerable<string> Trailers(ChunkedDecoder decoder)
    {
        foreach (var field in decoder.Trailers)
            yield return $"{Encoding.Latin1.GetString(field.NameIn(decoder.TrailerBytes))}={Encoding.Latin1.GetString(field.ValueIn(decoder.TrailerBytes))}";
    }
}
