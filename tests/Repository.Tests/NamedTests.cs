using System.Globalization;
using System.Text.RegularExpressions;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Repository;

/// <summary>One row of a page's tables, and the tests that it names.</summary>
internal sealed record NamingRow(int Line, IReadOnlyList<(string Class, string Method)> Tests);

/// <summary>The tests that the tables of a page name: in the last cell as <c>`Class.Method`</c>, or in a comment at its end.</summary>
internal static partial class NamedTests
{
    public static IReadOnlyList<NamingRow> RowsOf(string page)
    {
        var lines = page.ReplaceLineEndings("\n").Split('\n');
        return
        [
            .. Enumerable.Range(0, lines.Length)
                .Where(i => IsRow(lines, i))
                .Select(i => new NamingRow(
                    i + 1,
                    [.. Name().Matches(LastCell(lines[i])).Select(m => (m.Groups["class"].Value, m.Groups["method"].Value))])),
        ];
    }

    // A table's first row is its head, its second the line of dashes.
    private static bool IsRow(string[] lines, int index) =>
        lines[index].StartsWith('|') && !IsDashes(lines[index]) && !(index + 1 < lines.Length && IsDashes(lines[index + 1]));

    private static bool IsDashes(string line) => line.StartsWith('|') && line.Trim('|', '-', ':', ' ').Length == 0;

    private static string LastCell(string line)
    {
        var row = line.TrimEnd().TrimEnd('|');
        return row[(row.LastIndexOf('|') + 1)..];
    }

    [GeneratedRegex(@"(?:`|<!-- )(?<class>[A-Z]\w*)\.(?<method>[A-Z]\w*)(?:`| -->)")]
    private static partial Regex Name();
}

/// <summary>
/// The tests of every test project, read from their source: a page may name a test of a project that this one neither sees nor
/// needs to have built.
/// </summary>
internal sealed partial class TestIndex(ILookup<string, string> methods)
{
    public static TestIndex Read() => new(
        Directory.EnumerateFiles(Path.Combine(GoldenFiles.Root, ".."), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => TestsOf(File.ReadAllText(file)))
            .ToLookup(test => test.Class, test => test.Method, StringComparer.Ordinal));

    /// <summary>
    /// The methods with an attribute of a test, each with its class: the one that was declared last at the start of a line.
    /// </summary>
    public static IEnumerable<(string Class, string Method)> TestsOf(string source)
    {
        var (type, isTest) = ("", false);
        foreach (var written in source.Split('\n'))
        {
            var line = written.Trim();
            if (Class().Match(written) is { Success: true } declaration)
            {
                type = declaration.Groups["name"].Value;
            }
            else if (TestAttribute().IsMatch(line))
            {
                isTest = true;
            }
            else if (isTest && Method().Match(line) is { Success: true } method)
            {
                yield return (type, method.Groups["name"].Value);
                isTest = false;
            }
        }
    }

    /// <summary>What is wrong with the rows, in their order; empty when every test that they name exists.</summary>
    public IReadOnlyList<string> Faults(IEnumerable<NamingRow> rows) => [.. rows.SelectMany(Faults)];

    private IEnumerable<string> Faults(NamingRow row)
    {
        var line = row.Line.ToString(CultureInfo.InvariantCulture);
        if (row.Tests.Count == 0)
            yield return $"line {line}: the last cell names no test; `Class.Method` is right, or a comment <!-- Class.Method --> at its end";
        foreach (var (type, method) in row.Tests)
        {
            if (!methods.Contains(type))
                yield return $"line {line}: no test class is called {type}";
            else if (!methods[type].Contains(method))
                yield return $"line {line}: {type} has no test {method}";
        }
    }

    [GeneratedRegex(@"^(?:(?:public|internal|private|sealed|static|abstract|partial|file) )+class (?<name>\w+)")]
    private static partial Regex Class();

    [GeneratedRegex(@"^\[(?:Fact|Theory|Property)\b")]
    private static partial Regex TestAttribute();

    [GeneratedRegex(@"^public (?:static |async |override )*[\w<>\[\],. ?]+ (?<name>\w+)\(")]
    private static partial Regex Method();
}
