using System.Text.RegularExpressions;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Component.Proxy;

/// <summary>What docs/reference/route-actions.md says is tested, row by row.</summary>
public sealed partial class RouteActionsPageTests
{
    public static TheoryData<string> Rows =>
        [.. File.ReadLines(Path.Combine(GoldenFiles.Root, "..", "..", "docs", "reference", "route-actions.md"))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| What happens", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Rows))]
    public void Row_HasATest(string row)
    {
        var match = TestName().Match(row);
        Assert.True(match.Success, "a row ends with the name of its test: <!-- Class.Method -->");
        var (type, method) = (match.Groups["type"].Value, match.Groups["method"].Value);
        var found = Assert.Single(typeof(RouteActionsPageTests).Assembly.GetTypes(), t => t.Name == type && t.Namespace!.Contains(".Proxy", StringComparison.Ordinal));
        Assert.Contains(found.GetMethods(), m => m.Name == method && m.IsDefined(typeof(FactAttribute), inherit: true));
    }

    [GeneratedRegex(@"<!-- (?<type>\w+)\.(?<method>\w+) --> \|$")]
    private static partial Regex TestName();
}
