using System.Text;
using Turnpike.Http;

namespace Turnpike.Tests.Routing.Http;

public sealed class HttpSyntaxTests
{
    [Fact]
    public void Token_IsWhatTheRfcLists()
    {
        for (var c = 0; c <= 0xff; c++)
        {
            var expected = c < 0x80 && (char.IsAsciiLetterOrDigit((char)c) || "!#$%&'*+-.^_`|~".Contains((char)c, StringComparison.Ordinal));
            // At every place of a long text, so that no part of a vector is left out.
            for (var at = 0; at < 40; at++)
            {
                var text = Latin1(new string('a', at) + (char)c + new string('b', 39 - at));
                Assert.Equal(expected, HttpSyntax.IsToken(text));
                Assert.Equal(expected, HttpSyntax.IsFieldName(text));
                Assert.Equal(expected, HttpSyntax.IsMethod(text));
            }
        }
        Assert.False(HttpSyntax.IsToken(""u8));
    }

    [Fact]
    public void FieldValue_HasNoControlCharacter()
    {
        for (var c = 0; c <= 0xff; c++)
        {
            var expected = c == '\t' || c is >= 0x20 and <= 0xff and not 0x7f;
            for (var at = 1; at < 39; at++)
            {
                Assert.Equal(expected, HttpSyntax.IsFieldValue(Latin1(new string('a', at) + (char)c + new string('b', 39 - at))));
            }
        }
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("a", true)]
    [InlineData("a b\tc", true)]
    [InlineData("\u00fc", true)]
    [InlineData(" a", false)]
    [InlineData("a ", false)]
    [InlineData("\ta", false)]
    [InlineData("a\t", false)]
    [InlineData(" ", false)]
    [InlineData("a\r\nb: c", false)]
    [InlineData("a\nb", false)]
    [InlineData("a\0", false)]
    public void FieldValue(string text, bool expected) => Assert.Equal(expected, HttpSyntax.IsFieldValue(Latin1(text)));

    [Fact]
    public void OriginForm_IsVisibleAsciiWithoutFragment()
    {
        for (var c = 0; c <= 0xff; c++)
        {
            var expected = c is > 0x20 and < 0x7f and not '#';
            for (var at = 0; at < 40; at++)
                Assert.Equal(expected, HttpSyntax.IsOriginForm(Latin1("/" + new string('a', at) + (char)c + new string('b', 39 - at))));
        }
    }

    [Theory]
    [InlineData("/", true)]
    [InlineData("/a?b=c&d=|{}\"<>", true)]
    [InlineData("//a/../b", true)]
    [InlineData("", false)]
    [InlineData("*", false)]
    [InlineData("a", false)]
    [InlineData("http://a/", false)]
    [InlineData("/admin x HTTP/1.1", false)]
    [InlineData("/a\tb", false)]
    [InlineData("/a#b", false)]
    public void OriginForm(string text, bool expected) => Assert.Equal(expected, HttpSyntax.IsOriginForm(Latin1(text)));

    [Theory]
    [InlineData("0", 0)]
    [InlineData("5", 5)]
    [InlineData("0005", 5)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("00000000000000000000000000000012", 12)]
    public void ContentLength(string text, long expected)
    {
        Assert.True(HttpSyntax.TryParseContentLength(Encoding.ASCII.GetBytes(text), out var length));
        Assert.Equal(expected, length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("+5")]
    [InlineData("-0")]
    [InlineData("-5")]
    [InlineData("5\0")]
    [InlineData("\v5")]
    [InlineData(" 5")]
    [InlineData("5 ")]
    [InlineData("0x5")]
    [InlineData("5,5")]
    [InlineData("5.0")]
    [InlineData("1e3")]
    [InlineData("\u0665")]
    [InlineData("9223372036854775808")]
    [InlineData("18446744073709551621")]
    [InlineData("99999999999999999999999999")]
    public void NoContentLength(string text) => Assert.False(HttpSyntax.TryParseContentLength(Encoding.UTF8.GetBytes(text), out _));

    [Theory]
    [InlineData(99, false)]
    [InlineData(100, true)]
    [InlineData(599, true)]
    [InlineData(600, false)]
    [InlineData(-200, false)]
    public void Status(int status, bool expected) => Assert.Equal(expected, HttpSyntax.IsStatus(status));

    [Theory]
    [InlineData("example.com")]
    [InlineData("EXAMPLE.com:8080")]
    [InlineData("a:0")]
    [InlineData("a:65535")]
    [InlineData("a:00080")]
    [InlineData("10.0.0.1:80")]
    [InlineData("[::1]")]
    [InlineData("[2001:db8::1]:443")]
    [InlineData("[::ffff:10.0.0.1]")]
    [InlineData("a!b$c'd(e)f~g")]
    [InlineData("a_b*+,;=&")]
    [InlineData("caf%C3%A9.example")]
    public void Authorities(string text) => Assert.True(Authority.IsValid(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData("")]
    [InlineData(":80")]
    [InlineData("a:")]
    [InlineData("a:65536")]
    [InlineData("a:99999")]
    [InlineData("a:000080")]
    [InlineData("a:-1")]
    [InlineData("a:+1")]
    [InlineData("a:8 0")]
    [InlineData("a:b")]
    [InlineData("a:80:80")]
    [InlineData("a b")]
    [InlineData("a\tb")]
    [InlineData("a\r\nb")]
    [InlineData("a/b")]
    [InlineData("a?b")]
    [InlineData("a#b")]
    [InlineData("user@a")]
    [InlineData("a,b@c")]
    [InlineData("http://a")]
    [InlineData("a\\b")]
    [InlineData("a\"b")]
    [InlineData("a%b")]
    [InlineData("a%")]
    [InlineData("a%4")]
    [InlineData("a%gg")]
    [InlineData("caf\u00e9")]
    [InlineData("\u2126")]
    [InlineData("::1")]
    [InlineData("[::1")]
    [InlineData("[::1]x")]
    [InlineData("[::1]80")]
    [InlineData("[::1]:")]
    [InlineData("[::1]:65536")]
    [InlineData("[::1]:80:80")]
    [InlineData("[]")]
    [InlineData("[a]")]
    [InlineData("[1.2.3.4]")]
    [InlineData("[fe80::1%25eth0]")]
    [InlineData("[v1.x]")]
    [InlineData("x[::1]")]
    public void NoAuthorities(string text) => Assert.False(Authority.IsValid(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData("/", "/")]
    [InlineData("/a|b?c", "/a|b?c")]
    [InlineData("/\u00ff\u0080x", "/%FF%80x")]
    [InlineData("/caf\u00c3\u00a9?q=\u00e9", "/caf%C3%A9?q=%E9")]
    [InlineData("/%C3%A9", "/%C3%A9")]
    public void Target_IsEncodedByteForByte(string target, string expected)
    {
        Assert.Equal(expected, Encode(target));
        Assert.True(HttpSyntax.IsOriginForm(Latin1(Encode(target))));
    }

    [Theory]
    [InlineData("/a b")]
    [InlineData("/a\u00ff b")]
    [InlineData("/a\r\nx")]
    [InlineData("/a\u007f")]
    [InlineData("/a#b")]
    [InlineData("a")]
    [InlineData("\u00ff")]
    [InlineData("")]
    public void Target_ThatMayNotGoOut(string target) => Assert.False(HttpSyntax.IsOriginForm(Latin1(Encode(target))));

    [Fact]
    public void Target_OfManyHighBytes_IsWhole() =>
        Assert.Equal("/" + string.Concat(Enumerable.Repeat("%FF", 300)), Encode("/" + new string('\u00ff', 300)));

    private static string Encode(string target)
    {
        var bytes = Latin1(target);
        var encoded = new byte[RequestTarget.EncodedLength(bytes)];
        RequestTarget.Encode(bytes, encoded);
        return Encoding.Latin1.GetString(encoded);
    }

    private static byte[] Latin1(string text) => Encoding.Latin1.GetBytes(text);
}
