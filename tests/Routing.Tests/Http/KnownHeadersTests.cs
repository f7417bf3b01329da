using System.Text;
using Turnpike.Http;

namespace Turnpike.Tests.Routing.Http;

public sealed class KnownHeadersTests
{
    [Fact]
    public void EveryNumber_IsFoundByItsName_InAnyCase()
    {
        var numbers = Enum.GetValues<KnownHeader>().Where(h => h != KnownHeader.None).ToList();
        Assert.Equal(KnownHeaders.Count, numbers.Count);
        foreach (var number in numbers)
        {
            var name = Encoding.ASCII.GetString(KnownHeaders.NameOf(number));
            Assert.Equal(number.ToString().ToLowerInvariant(), name.Replace("-", "", StringComparison.Ordinal));
            Assert.Equal(number, KnownHeaders.Of(Encoding.ASCII.GetBytes(name)));
            Assert.Equal(number, KnownHeaders.Of(Encoding.ASCII.GetBytes(name.ToUpperInvariant())));
            Assert.Equal(KnownHeader.None, KnownHeaders.Of(Encoding.ASCII.GetBytes(name + "x")));
            Assert.Equal(KnownHeader.None, KnownHeaders.Of(Encoding.ASCII.GetBytes(name.Replace(name[0], '~'))));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("x-user")]
    [InlineData("host\0")]
    [InlineData("h\u00f6st")]
    public void OtherNames_HaveNoNumber(string name) => Assert.Equal(KnownHeader.None, KnownHeaders.Of(Encoding.Latin1.GetBytes(name)));

    /// <summary>A dash and a carriage return differ in the bit that tells the cases of a letter apart.</summary>
    [Fact]
    public void OnlyLetters_HaveTwoCases() => Assert.Equal(KnownHeader.None, KnownHeaders.Of("user\ragent"u8));

    [Fact]
    public void Lookup_AllocatesNothing()
    {
        KnownHeaders.Of("user-agent"u8);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            KnownHeaders.Of("X-Forwarded-For"u8);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void HeaderName_ComparesByNumberOrByBytes()
    {
        Assert.True(Is("User-Agent", "USER-AGENT"));
        Assert.True(Is("X-User", "x-USER"));
        Assert.False(Is("x-user", "x-users"));
        Assert.False(Is("x-user", "user-agent"));
        Assert.Equal("x-user", HeaderName.Of("X-User").ToString());
    }

    private static bool Is(string wanted, string name)
    {
        var bytes = Encoding.ASCII.GetBytes(name);
        return HeaderName.Of(wanted).Is(KnownHeaders.Of(bytes), bytes);
    }
}
