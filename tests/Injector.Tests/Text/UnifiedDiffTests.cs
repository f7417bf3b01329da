using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Turnpike.Injector.Text;

namespace Turnpike.Tests.Injector.Text;

public sealed class UnifiedDiffTests
{
    [Fact]
    public void Compare_PrintsHunksWithContext()
    {
        var old = string.Concat(Enumerable.Range(1, 20).Select(i => $"{i}\n"));
        var now = old.Replace("\n5\n", "\n5\nx\ny\n", StringComparison.Ordinal).Replace("\n18\n", "\nz\n", StringComparison.Ordinal);

        Assert.Equal(
            """
            --- a.yaml
            +++ b.yaml
            @@ -3,6 +3,8 @@
             3
             4
             5
            +x
            +y
             6
             7
             8
            @@ -15,6 +17,6 @@
             15
             16
             17
            -18
            +z
             19
             20
            """,
            string.Join('\n', UnifiedDiff.Compare("a.yaml", old, "b.yaml", now).Select(line => line.Text)));
    }

    [Fact]
    public void Compare_IsEmpty_WhenNothingDiffers() => Assert.Empty(UnifiedDiff.Compare("a", "x\n", "b", "x\n"));

    [Theory]
    [InlineData("", "a\n", "@@ -0,0 +1 @@", "+a")]
    [InlineData("a\n", "", "@@ -1 +0,0 @@", "-a")]
    [InlineData("a", "a\n", "@@ -1 +1 @@", "-a", "\\ No newline at end of file", "+a")]
    public void Compare_MarksTheEdges(string old, string now, params string[] expected) =>
        Assert.Equal(expected, UnifiedDiff.Compare("a", old, "b", now).Skip(2).Select(line => line.Text));

    [Property]
    public Property Compare_TurnsOneTextIntoTheOther() =>
        Prop.ForAll(Gen.Elements("a\n", "b\n", "c\n", "d\n").ListOf().Two().ToArbitrary(), texts =>
        {
            var (old, now) = (string.Concat(texts.Item1), string.Concat(texts.Item2));
            Assert.Equal(now, Patch(old, UnifiedDiff.Compare("a", old, "b", now)));
        });

    /// <summary>Applies a diff as <c>patch</c> does: by the line numbers of the hunks, with the context required to match.</summary>
    private static string Patch(string old, IReadOnlyList<DiffLine> diff)
    {
        var lines = old.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var result = new List<string>();
        var next = 0;
        foreach (var line in diff.Skip(2))
        {
            if (line.Kind is DiffLineKind.Header)
            {
                var range = line.Text.Split(' ')[1].TrimStart('-').Split(',');
                var start = int.Parse(range[0], System.Globalization.CultureInfo.InvariantCulture) - (range is [_, "0"] ? 0 : 1);
                while (next < start)
                    result.Add(lines[next++]);
                continue;
            }
            if (line.Kind is not DiffLineKind.Added)
                Assert.Equal(line.Text[1..], lines[next++]);
            if (line.Kind is not DiffLineKind.Removed)
                result.Add(line.Text[1..]);
        }
        result.AddRange(lines[next..]);
        return string.Concat(result.Select(line => line + "\n"));
    }
}
