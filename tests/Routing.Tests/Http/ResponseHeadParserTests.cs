using System.Text;
using Turnpike.Http.Http1;

namespace Turnpike.Tests.Routing.Http;

public sealed class ResponseHeadParserTests
{
    public static TheoryData<string, BodyFraming, long?, bool> Heads => new()
    {
        { "HTTP/1.1 200 OK\r\n\r\n", BodyFraming.UntilClose, null, false },
        { "HTTP/1.1 200\r\n\r\n", BodyFraming.UntilClose, null, false },
        { "HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\n", BodyFraming.Length, 5, true },
        { "HTTP/1.1 200 Gr\u00fc\u00dfe\tan  alle \r\ncontent-length:5\r\n\r\n", BodyFraming.Length, 5, true },
        { "HTTP/1.1 200 OK\nContent-Length: 5\n\n", BodyFraming.Length, 5, true },
        { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", BodyFraming.Length, 5, true },
        { "HTTP/1.1 200 OK\r\nContent-Length: 05\r\nContent-Length: 5\r\n\r\n", BodyFraming.Length, 5, true },
        { "HTTP/1.1 200 OK\r\nContent-Length: \t 5 \t\r\n\r\n", BodyFraming.Length, 5, true },
        { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: x, Close\r\n\r\n", BodyFraming.Length, 5, false },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", BodyFraming.Chunked, null, true },
        { "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", BodyFraming.Length, 5, false },
        { "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: Keep-Alive\r\n\r\n", BodyFraming.Length, 5, true },
        { "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", BodyFraming.Length, 5, false },
        { "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", BodyFraming.None, 5, true },
        { "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", BodyFraming.None, null, true },
        { "HTTP/1.1 304 Not Modified\r\nContent-Length: 1234\r\n\r\n", BodyFraming.None, 1234, true },
        { "HTTP/1.1 205 Reset Content\r\nContent-Length: 5\r\n\r\n", BodyFraming.Length, 5, true },
        { "HTTP/1.1 100 Continue\r\n\r\n", BodyFraming.None, null, true },
        { "HTTP/1.1 599 Odd\r\nContent-Length: 0\r\n\r\n", BodyFraming.Length, 0, true },
        { "HTTP/1.1 200 OK\r\nX-Empty:\r\nX-Blank:   \r\nContent-Length: 0\r\n\r\n", BodyFraming.Length, 0, true },
    };

    public static TheoryData<string> Malformed =>
    [
        "rubbish\r\n\r\n",
        "\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.2 200 OK\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/11.1 200 OK\r\n\r\n",
        "http/1.1 200 OK\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/1.1\t200 OK\r\n\r\n",
        "HTTP/1.1 \r\n\r\n",
        "HTTP/1.1 20\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 600 OK\r\n\r\n",
        "HTTP/1.1 999 OK\r\n\r\n",
        "HTTP/1.1 -20 OK\r\n\r\n",
        "HTTP/1.1 +20 OK\r\n\r\n",
        "HTTP/1.1 200 O\0K\r\n\r\n",
        "HTTP/1.1 200 O\rK\r\n\r\n",
        "HTTP/1.1 200 OK\r\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551621\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 204 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked;q=1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX : 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX(Y): 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: 1\r\n 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\n X: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\u007fb\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\u0001b\r\n\r\n",
    ];

    [Theory]
    [MemberData(nameof(Heads))]
    public void Head_IsReadTheSame_CutAnywhere(string head, BodyFraming framing, long? length, bool keepsAlive)
    {
        var bytes = Encoding.Latin1.GetBytes(head + "rest");
        for (var cut = 0; cut <= head.Length; cut++)
        {
            var parser = Begin();
            if (cut < head.Length)
                Assert.Equal(ParseStatus.NeedMore, parser.Parse(bytes.AsSpan(0, cut)));
            Assert.Equal(ParseStatus.Complete, parser.Parse(bytes));
            Assert.Equal(head.Length, parser.Length);
            Assert.Equal((framing, length, keepsAlive), (parser.Framing, parser.ContentLength, parser.KeepsAlive));
        }
        AssertByteByByte(head, ParseStatus.Complete);
    }

    [Theory]
    [MemberData(nameof(Malformed))]
    public void MalformedHead_IsRefused_CutAnywhere(string head)
    {
        var bytes = Encoding.Latin1.GetBytes(head);
        string? fault = null;
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            var parser = Begin();
            parser.Parse(bytes.AsSpan(0, cut));
            Assert.Equal(ParseStatus.Malformed, parser.Parse(bytes));
            Assert.Equal(fault ??= parser.Fault, parser.Fault);
        }
        AssertByteByByte(head, ParseStatus.Malformed);
    }

    [Fact]
    public void Fields_AreTheirNamesAndTrimmedValues()
    {
        var bytes = "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie:b=2  \r\nX-Empty:\r\n\r\n"u8.ToArray();
        var parser = Begin();

        Assert.Equal(ParseStatus.Complete, parser.Parse(bytes));

        Assert.Equal(
            ["Set-Cookie=a=1", "set-cookie=b=2", "X-Empty="],
            parser
                .Fields.ToArray()
                .Select(f => $"{Encoding.Latin1.GetString(f.NameIn(bytes))}={Encoding.Latin1.GetString(f.ValueIn(bytes))}"));
    }

    [Fact]
    public void ResponseToHead_HasNoBody()
    {
        var parser = new ResponseHeadParser();
        parser.Begin(toHead: true, asksForUpgrade: false);

        Assert.Equal(ParseStatus.Complete, parser.Parse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"u8));

        Assert.Equal((BodyFraming.None, 5L), (parser.Framing, parser.ContentLength));
    }

    [Theory]
    [InlineData("Upgrade: WebSocket\r\n", ParseStatus.Complete)]
    [InlineData("Upgrade: h2c\r\n", ParseStatus.Malformed)]
    [InlineData("", ParseStatus.Malformed)]
    public void Switching_OnlyToWhatWasAskedFor(string header, ParseStatus expected)
    {
        var parser = new ResponseHeadParser();
        parser.Begin(toHead: false, asksForUpgrade: true);

        Assert.Equal(
            expected, parser.Parse(Encoding.ASCII.GetBytes($"HTTP/1.1 101 Switching Protocols\r\n{header}Connection: Upgrade\r\n\r\n")));
    }

    [Fact]
    public void Head_HasABound()
    {
        const string start = "HTTP/1.1 200 OK\r\nX: ";
        AssertByteByByte(start + new string('a', ResponseHeadParser.MaxBytes - start.Length - 4) + "\r\n\r\n", ParseStatus.Complete);
        AssertByteByByte(start + new string('a', ResponseHeadParser.MaxBytes - start.Length - 3) + "\r\n\r\n", ParseStatus.Malformed);
        AssertByteByByte(start + new string('a', ResponseHeadParser.MaxBytes * 2), ParseStatus.Malformed);
        AssertByteByByte("HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Repeat("a:b\r\n", 1000)) + "\r\n", ParseStatus.Complete);
        AssertByteByByte("HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Repeat("a:b\r\n", 1001)) + "\r\n", ParseStatus.Malformed);
    }

    [Fact]
    public void Parser_IsAsNewAfterBegin()
    {
        var parser = Begin();
        Assert.Equal(ParseStatus.Malformed, parser.Parse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"u8));
        parser.Begin(toHead: false, asksForUpgrade: false);
        Assert.Equal(ParseStatus.Complete, parser.Parse("HTTP/1.1 404 Not Found\r\nContent-Length: 7\r\n\r\n"u8));
        Assert.Equal((404, 7L, 1), (parser.Status, parser.ContentLength, parser.Fields.Length));
    }

    private static ResponseHeadParser Begin()
    {
        var parser = new ResponseHeadParser();
        parser.Begin(toHead: false, asksForUpgrade: false);
        return parser;
    }

    private static void AssertByteByByte(string head, ParseStatus expected)
    {
        var bytes = Encoding.Latin1.GetBytes(head);
        var parser = Begin();
        var status = ParseStatus.NeedMore;
        var length = 0;
        while (status == ParseStatus.NeedMore && length < bytes.Length)
            status = parser.Parse(bytes.AsSpan(0, ++length));
        Assert.Equal(expected, status);
        if (expected == ParseStatus.Complete)
            Assert.Equal(bytes.Length, length);
    }
}
