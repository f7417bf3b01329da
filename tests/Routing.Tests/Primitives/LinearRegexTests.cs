using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Turnpike.Primitives;

namespace Turnpike.Tests.Routing.Primitives;

public sealed class LinearRegexTests
{
    [Theory]
    [InlineData("/a/[0-9]+", "/a/12", true)]
    [InlineData("/a/[0-9]+", "/a/12\n", false)]
    [InlineData("a|b", "ab", false)]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("^(.*?;)?(user=jason)(;.*)?$", "a=b;user=jason;c=d", true)]
    [InlineData("^(.*?;)?(user=jason)(;.*)?$", "user=jasonx", false)]
    [InlineData("https?", "https", true)]
    [InlineData(".", "\n", false)]
    [InlineData("\\w+@[\\w-.]+", "jason@foo-bar.com", true)]
    [InlineData("(?i)bearer .+", "BeArEr x", true)]
    [InlineData("(?i:a)b", "Ab", true)]
    [InlineData("(?i:a)b", "AB", false)]
    [InlineData("(a(?i)b)c", "aBc", true)]
    [InlineData("(a(?i)b)c", "aBC", false)]
    [InlineData("(?<name>x){2}", "xx", true)]
    [InlineData("[^a-c]*", "xyz", true)]
    [InlineData("[^a-c]*", "xbz", false)]
    [InlineData(".*\\badmin\\b.*", "an admin!", true)]
    [InlineData(".*\\badmin\\b.*", "badminton", false)]
    [InlineData("a{,3}", "a{,3}", true)]
    [InlineData("a$|^b", "b", true)]
    [InlineData("a^b", "ab", false)]
    [InlineData("\\u0041\\x42\\.", "AB.", true)]
    [InlineData("caf\u00e9|\\u2603", "\u2603", true)]
    [InlineData("(a*)*b", "aaab", true)]
    [InlineData("(|a)+", "aa", true)]
    public void IsMatch_IsOfTheWholeValue(string pattern, string value, bool matches)
    {
        Assert.Null(LinearRegex.Fault(pattern));
        Assert.Equal(matches, LinearRegex.Get(pattern).IsMatch(Encoding.UTF8.GetBytes(value)));
    }

    /// <summary>A character is a Unicode scalar value, however many bytes or halves of a surrogate pair it takes to write it.</summary>
    [Theory]
    [InlineData(".", "\u00e9", true)]
    [InlineData(".", "\u2603", true)]
    [InlineData(".", "\U0001f600", true)]
    [InlineData("..", "\U0001f600", false)]
    [InlineData("\U0001f600", "\U0001f600", true)]
    [InlineData("\U0001f600{2}", "\U0001f600\U0001f600", true)]
    [InlineData("\\ud83d\\ude00", "\U0001f600", true)]
    [InlineData("[\U0001f600-\U0001f602]+", "\U0001f601\U0001f602", true)]
    [InlineData("[\U0001f600-\U0001f602]+", "\U0001f603", false)]
    [InlineData("[^a]", "\U0001f600", true)]
    [InlineData("[\\ud800-\\udfff]", "\U0001f600", false)]
    [InlineData("\\ud83d", "\U0001f600", false)]
    [InlineData("(?i)\u00e9", "\u00c9", false)]
    [InlineData("\\u2028|.", "\u2028", true)]
    [InlineData(".", "\u2028", false)]
    [InlineData("\\bcaf\u00e9", "caf\u00e9", true)]
    [InlineData("caf\\b.*", "caf\u00e9", true)]
    public void Character_IsAScalarValue(string pattern, string value, bool matches)
    {
        Assert.Null(LinearRegex.Fault(pattern));
        Assert.Equal(matches, LinearRegex.Get(pattern).IsMatch(Encoding.UTF8.GetBytes(value)));
        Assert.Equal(matches, LinearRegex.Get(pattern).IsMatchByProgram(Encoding.UTF8.GetBytes(value)));
    }

    /// <summary>
    /// Bytes that are not UTF-8 are in no set that a pattern names, and in every set that is made by exclusion: no client gets around
    /// <c>.*</c> by an odd byte.
    /// </summary>
    [Theory]
    [InlineData(".", true)]
    [InlineData("[^a]", true)]
    [InlineData("\\D", true)]
    [InlineData("\\W", true)]
    [InlineData("\\S", true)]
    [InlineData("\u00ff", false)]
    [InlineData("\ufffd", false)]
    [InlineData("\\udcff", false)]
    [InlineData("[\\0-\\uffff]", false)]
    [InlineData("[\\0-\U0010ffff]", false)]
    [InlineData("[^\\0-\U0010ffff]", true)]
    public void BytesThatAreNotUtf8_HaveNoName(string pattern, bool matches)
    {
        byte[][] values = [[0xff], [0x80], [0xe9], [0xc0], [0xe2, 0x98], [0xf0, 0x9f, 0x98], [0xed], [0xf4]];
        foreach (var value in values)
        {
            Assert.Equal(matches, LinearRegex.Get(pattern).IsMatch(value));
            Assert.Equal(matches, LinearRegex.Get(pattern).IsMatchByProgram(value));
        }
    }

    [Theory]
    [InlineData("(", "a '(' without its ')' (at offset 0)")]
    [InlineData("a)|(b", "a ')' without its '(' (at offset 1)")]
    [InlineData("[", "a '[' without its ']' (at offset 0)")]
    [InlineData("a[]", "an empty character class")]
    [InlineData("a{2,1}", "a quantifier whose bounds are the wrong way round (2 and 1) (at offset 0)")]
    [InlineData("a{1001}", "larger than 1000")]
    [InlineData("*", "a quantifier '*' with nothing before it")]
    [InlineData("a**", "a quantifier after a quantifier (at offset 2)")]
    [InlineData("^*", "a quantifier after an anchor")]
    [InlineData("[z-a]", "a range whose ends are the wrong way round (at offset 2)")]
    [InlineData("\\q", "the unknown escape \\q (at offset 0)")]
    [InlineData("\\p{L}", "the Unicode category")]
    [InlineData("[a-z-[b]]", "a subtraction of character classes")]
    [InlineData("(?x)a # b", "a group that is not known")]
    [InlineData("x\\", "a '\\' with nothing after it (at offset 1)")]
    [InlineData("a(?=b)", "linear time, so without a look-ahead (at offset 1)")]
    [InlineData("(?!admin).*", "linear time, so without a look-ahead (at offset 0)")]
    [InlineData("(?<=a)b", "linear time, so without a look-behind (at offset 0)")]
    [InlineData("(?<!a)b", "linear time, so without a look-behind (at offset 0)")]
    [InlineData("(a)\\1", "linear time, so without a backreference (at offset 3)")]
    [InlineData("(?<n>a)\\k<n>", "linear time, so without a backreference (at offset 7)")]
    [InlineData("(?>a*)b", "linear time, so without an atomic group (at offset 0)")]
    [InlineData("(?(1)a|b)", "linear time, so without a conditional group (at offset 0)")]
    [InlineData("\\Ga", "linear time, so without the anchor \\G (at offset 0)")]
    [InlineData("a++", "linear time, so without a possessive quantifier (at offset 2)")]
    [InlineData("(a{1000}){1000}", "at most 1000 steps")]
    [InlineData("(a{100}){11}", "this one has 1100")]
    public void Fault_NamesTheConstruct(string pattern, string says)
    {
        var fault = LinearRegex.Fault(pattern);
        Assert.NotNull(fault);
        Assert.Contains(says, fault, StringComparison.Ordinal);
        Assert.Equal(0, LinearRegex.SizeOf(pattern));
        Assert.Contains(fault, Assert.Throws<ArgumentException>(() => LinearRegex.Get(pattern)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pattern_IsBounded()
    {
        Assert.Null(LinearRegex.Fault(new string('a', LinearRegex.MaxSize)));
        Assert.NotNull(LinearRegex.Fault($"a{{{LinearRegex.MaxSize}}}b"));
        Assert.Equal(
            "must be a regular expression of at most 1000 characters", LinearRegex.Fault(new string('a', LinearRegex.MaxLength + 1)));
        Assert.Contains("nested deeper than 100", LinearRegex.Fault(new string('(', 500) + new string(')', 500)), StringComparison.Ordinal);
        Assert.Contains(
            "classes of characters",
            LinearRegex.Fault(string.Concat(Enumerable.Range(0x100, 300).Select(i => (char)(i * 2)))),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Pattern_IsCompiledOnce()
    {
        var regex = LinearRegex.Get("once/[a-z]+");
        Assert.Same(regex, LinearRegex.Get(string.Concat("once", "/[a-z]+")));
    }

    /// <summary>
    /// The library's engine without backtracking, which reads characters, is the judge of this one, which reads bytes. A value may have
    /// bytes that are not UTF-8; the judge gets U+FFFD for them, which no pattern here names.
    /// </summary>
    [Property(MaxTest = 3000)]
    public Property IsMatch_OfBytes_AgreesWithTheLibrary_OfCharacters()
    {
        var atom = Gen.Elements(
            "a",
            "b",
            "c",
            ".",
            "[ab]",
            "[^a]",
            "\\w",
            "\\W",
            "\\d",
            "\\S",
            "1",
            "-",
            "^",
            "$",
            "\\b",
            "(?:)",
            "\u00e9",
            "\u2603",
            "[a-\u00ff]",
            "[^\u00e9]",
            "\\u2603");
        Gen<string> Pattern(int depth) =>
            depth == 0
                ? atom
                : Gen.OneOf(
                    atom,
                    Pattern(depth - 1).Two().Select(p => p.Item1 + p.Item2),
                    Pattern(depth - 1).Two().Select(p => $"{p.Item1}|{p.Item2}"),
                    from p in Pattern(depth - 1)
                    from q in Gen.Elements("*", "+", "?", "{2}", "{1,3}", "{2,}", "*?", "??")
                    select $"(?:{p}){q}",
                    Pattern(depth - 1).Select(p => $"({p})"));
        // Whole characters, a lone first byte, lone bytes of the middle, the two halves of an overlong form, a byte that is in no form.
        byte[][] pieces =
        [
            [.. "a"u8],
            [.. "b"u8],
            [.. "c"u8],
            [.. "1"u8],
            [.. "-"u8],
            [.. "\u00e9"u8],
            [.. "\u2603"u8],
            [0xe2],
            [0x98],
            [0xc3],
            [0xc0, 0xaf],
            [0xff],
        ];
        var value = Gen.Choose(0, 8).SelectMany(n => Gen.Elements(pieces).ArrayOf(n)).Select(parts => parts.SelectMany(p => p).ToArray());
        return Prop.ForAll(Arb.From(from p in Pattern(4) from v in value.ArrayOf(4) select (p, v)), x =>
        {
            Assert.Null(LinearRegex.Fault(x.p));
            var regex = LinearRegex.Get(x.p);
            // To the judge \w and \b are about the letters of every script, and to us about those of ASCII.
            var asJudged = x.p.Replace("\\w", "[a-zA-Z0-9_]", StringComparison.Ordinal).Replace("\\W", "[^a-zA-Z0-9_]", StringComparison.Ordinal);
            var judge = new Regex($@"\A(?:{asJudged})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            foreach (var v in x.v)
            {
                var text = Encoding.UTF8.GetString(v);
                if (x.p.Contains("\\b", StringComparison.Ordinal) && text.Any(c => !char.IsAscii(c) && char.IsLetter(c)))
                    continue;
                var expected = judge.IsMatch(text);
                Assert.True(expected == regex.IsMatch(v), $"{x.p} on \"{text}\" ({Convert.ToHexString(v)}): the library says {expected}");
                Assert.True(expected == regex.IsMatchByProgram(v), $"{x.p} on \"{text}\" ({Convert.ToHexString(v)}) without shortcuts: the library says {expected}");
            }
        });
    }

    /// <summary>The parser's input is untrusted: the parser reports what is wrong, and does not fail.</summary>
    [Property(MaxTest = 3000)]
    public void Fault_OfAnyText_IsAVerdict(NonNull<string> text)
    {
        var fault = LinearRegex.Fault(text.Get);
        if (fault is null)
            LinearRegex.Get(text.Get).IsMatch(Encoding.UTF8.GetBytes(text.Get));
        else
            Assert.StartsWith("must be a regular expression", fault, StringComparison.Ordinal);
    }

    /// <summary>The worst patterns under the limits: each step of a value costs a bounded time, and nothing grows.</summary>
    [Theory]
    [InlineData(".*a.{900}")]
    [InlineData("(a?){400}b")]
    [InlineData("(.*a){200}")]
    [InlineData("(a*)*(a*)*(a*)*b")]
    [InlineData("(a|b|ab|ba|aba){50}")]
    public void WorstPattern_TakesBoundedTimeAndNoMemory(string pattern)
    {
        var regex = LinearRegex.Get(pattern);
        var random = new Random(1);
        var value = random.GetItems("ab"u8, 8192);
        regex.IsMatch(value);
        var watch = Stopwatch.StartNew();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 5; i++)
            regex.IsMatch(value);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        // Some tens of milliseconds each on the slowest machine that anybody has; minutes with backtracking.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{watch.Elapsed}");
        TestContext.Current.SendDiagnosticMessage($"{pattern}: {watch.Elapsed.TotalMilliseconds / 5:0.00} ms for 8 KiB, size {regex.Size}");
    }
}
