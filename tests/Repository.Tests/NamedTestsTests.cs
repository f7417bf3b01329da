using Turnpike.Tests.Support;

namespace Turnpike.Tests.Repository;

/// <summary>What a page says is tested, row by row: the tests that it names exist.</summary>
public sealed class NamedTestsTests
{
    private static readonly Lazy<TestIndex> Index = new(TestIndex.Read);

    [Theory]
    [InlineData("docs/reference/route-actions.md")]
    [InlineData("docs/reliability.md")]
    [InlineData("docs/concepts/tenancy.md")]
    public void EveryRow_NamesATestThatExists(string page)
    {
        var rows = NamedTests.RowsOf(File.ReadAllText(Path.Combine(GoldenFiles.Root, "..", "..", page)));
        Assert.NotEmpty(rows);
        Assert.True(Index.Value.Faults(rows) is [], $"{page}:\n" + string.Join('\n', Index.Value.Faults(rows)));
    }

    [Fact]
    public void AllFaultsOfAPage_AreToldAtOnce()
    {
        var rows = NamedTests.RowsOf("""
            | Attack | What happens | Test |
            |---|---|---|
            | a | b | `NoSuchTests.Anything` |
            | c | d | `NamedTestsTests.NoSuchMethod` |
            | e | f | `NamedTestsTests.AllFaultsOfAPage_AreToldAtOnce`, `NoSuchTests.Other` |
            | g | h | |
            | i | j <!-- NamedTestsTests.EveryRow_NamesATestThatExists --> |
            | k | l | `NamedTests.RowsOf` |
            """);

        Assert.Equal(
            [
                "line 3: no test class is called NoSuchTests",
                "line 4: NamedTestsTests has no test NoSuchMethod",
                "line 5: no test class is called NoSuchTests",
                "line 6: the last cell names no test; `Class.Method` is right, or a comment <!-- Class.Method --> at its end",
                "line 8: no test class is called NamedTests",
            ],
            Index.Value.Faults(rows));
    }

    [Fact]
    public void Method_CountsAsATest_OnlyWithItsAttribute() =>
        Assert.Equal(
            ["Tests.First", "Tests.Second", "Tests.Third", "Tests.Fourth"],
            TestIndex.TestsOf("""
                public sealed class Tests(Fixture fixture) : Base
                {
                    [Fact]
                    public void First() => Assert.True(true);

                    [Theory(Timeout = 5), InlineData("a[0]")]
                    [MemberData(nameof(Rows))] // A comment.
                    public async Task Second(string text)
                    {
                        await Helper();
                    }

                    public static async Task Helper() { }

                    [Property(MaxTest = 3)]
                    public bool Third(int number) => number == number;

                    private sealed class Nested(string text)
                    {
                        public string ToText() => text;
                    }

                    [Fact]
                    public void Fourth() { }
                }
                """).Select(test => $"{test.Class}.{test.Method}"));
}
