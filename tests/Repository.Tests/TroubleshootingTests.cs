using System.Reflection;
using System.Text.RegularExpressions;
using Turnpike.Compiler;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Repository;

/// <summary>The page for troubleshooting has a row for everything that the programs say when something is wrong.</summary>
public sealed partial class TroubleshootingTests
{
    private static readonly string Repository = Path.GetFullPath(Path.Combine(GoldenFiles.Root, "..", ".."));
    private static readonly string Source = Path.Combine(Repository, "src");
    private static readonly HashSet<string> Rows = RowsOf(
        File.ReadAllText(Path.Combine(Repository, "docs", "operations", "troubleshooting.md")));

    [Fact]
    public void EveryReasonOfADiagnostic_HasARow() =>
        AssertRows(
            typeof(DiagnosticReasons)
                .GetFields(BindingFlags.Public | BindingFlags.Static)
                .Select(field => (string)field.GetRawConstantValue()!));

    [Fact]
    public void EveryReasonOfAnEvent_HasARow() => AssertRows(Found(EventReason(), SourceOf("Operator")));

    [Fact]
    public void EveryConditionOfARouteRule_AndEachReason_HaveARow() =>
        AssertRows(Found(Word(), [File.ReadAllText(Path.Combine(Source, "Operator", "Status", "RuleConditions.cs"))]));

    [Fact]
    public void EveryReasonOfTheAccessLog_HasARow()
    {
        var members = Assert
            .Single(SourceOf("Pipeline").Select(text => ReplyReasons().Match(text)), match => match.Success)
            .Groups["members"]
            .Value;
        AssertRows(Found(Member(), [members]));
    }

    [Fact]
    public void EveryWarningAndErrorOfALog_HasARow() =>
        AssertRows(Found(LogLine(), SourceOf("")).Select(line => line.Replace("\\\"", "\"", StringComparison.Ordinal)));

    [Theory]
    [InlineData("[LoggerMessage(1, LogLevel.Warning, \"a \\\"{Key}\\\" is lost\")]", "a \\\"{Key}\\\" is lost")]
    [InlineData("[LoggerMessage(EventId = 7, Level = LogLevel.Critical,\n    Message = \"lost\")]", "lost")]
    public void LogLine_IsFound_HoweverItsAttributeIsWritten(string source, string line) =>
        Assert.Equal([line], Found(LogLine(), [source]));

    private static void AssertRows(IEnumerable<string> said)
    {
        var all = said.Distinct().ToList();
        Assert.NotEmpty(all);
        var missing = all.Except(Rows).Order(StringComparer.Ordinal).ToList();
        Assert.True(missing is [], "docs/operations/troubleshooting.md has no row for:\n" + string.Join('\n', missing));
    }

    // The first cell of a row is one text in backquotes.
    private static HashSet<string> RowsOf(string page) => [.. Row().Matches(page).Select(match => match.Groups["text"].Value)];

    private static IReadOnlyList<string> Found(Regex what, IEnumerable<string> texts) =>
        [.. texts.SelectMany(text => what.Matches(text)).Select(match => match.Groups["text"].Value)];

    private static IReadOnlyList<string> SourceOf(string room) =>
        [.. Directory.EnumerateFiles(Path.Combine(Source, room), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText)];

    [GeneratedRegex("^\\| `(?<text>[^`]+)` \\|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("EventSeverity\\.\\w+,\\s*\"(?<text>\\w+)\"")]
    private static partial Regex EventReason();

    [GeneratedRegex("\"(?<text>[A-Z][A-Za-z]+)\"")]
    private static partial Regex Word();

    [GeneratedRegex(@"enum ReplyReason\s*\{(?<members>[^}]*)\}")]
    private static partial Regex ReplyReasons();

    [GeneratedRegex(@"^\s*(?<text>[A-Z]\w+),?\s*$", RegexOptions.Multiline)]
    private static partial Regex Member();

    [GeneratedRegex(
        "LoggerMessage\\(\\s*(?:EventId\\s*=\\s*)?\\d+,\\s*(?:Level\\s*=\\s*)?LogLevel\\.(?:Warning|Error|Critical),\\s*(?:Message\\s*=\\s*)?\"(?<text>(?:[^\"\\\\]|\\\\.)*)\""
    )]
    private static partial Regex LogLine();
}
