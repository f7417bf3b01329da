using Turnpike.Hosting;

namespace Turnpike.Tests.Hosting;

public sealed class SafeTextTests
{
    [Theory]
    [InlineData("plain text, ü, 世界 and 🚦", "plain text, ü, 世界 and 🚦")]
    [InlineData("two\r\nlines", @"two\u{0D}\u{0A}lines")]
    [InlineData("\u001b[2Jclear", @"\u{1B}[2Jclear")]
    [InlineData("bell\a nul\0 c1\u009b", @"bell\u{07} nul\u{00} c1\u{9B}")]
    [InlineData("a\u2028b\u202eright to left", @"a\u{2028}b\u{202E}right to left")]
    [InlineData(@"C:\u{0A}", @"C:\\u{0A}")]
    [InlineData("", "")]
    [InlineData(null, "")]
    public void Text_HasNothingInItThatActs(string? text, string safe) => Assert.Equal(safe, SafeText.Of(text));

    // This is no case of the theory above, because metadata of attributes is UTF-8.
    [Fact]
    public void LoneSurrogate_IsEscaped() => Assert.Equal(@"lone \u{D800} surrogate", SafeText.Of("lone \ud800 surrogate"));

    [Fact]
    public void LongText_IsCut_AndSaysSo()
    {
        Assert.Equal("xxxx… (3000000 characters)", SafeText.Of(new string('x', 3_000_000), 4));
        Assert.Equal("xxxx", SafeText.Of("xxxx", 4));
        Assert.InRange(SafeText.Of(new string('\n', 100), 16).Length, 16, 60);
    }

    [Fact]
    public void Exception_IsToldInOneLine()
    {
        var safe = SafeText.Of(new InvalidOperationException("a\nb", new FormatException(new string('y', 10_000))));
        Assert.StartsWith(@"InvalidOperationException: a\u{0A}b <- FormatException: yyy", safe, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', safe);
        Assert.InRange(safe.Length, 1, 1000);
    }
}
