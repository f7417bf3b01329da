using System.Text.RegularExpressions;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Repository;

/// <summary>Comments cite docs/reference/istio-2017.md by section, and every section that they cite exists.</summary>
public sealed partial class CitedSectionsTests
{
    private static readonly string Repository = Path.GetFullPath(Path.Combine(GoldenFiles.Root, "..", ".."));

    [Fact]
    public void EveryCitedSection_IsAHeadingOfThePage()
    {
        var headings = HeadingsOf(File.ReadAllText(Path.Combine(Repository, "docs", "reference", "istio-2017.md")));
        var citations = Sources()
            .SelectMany(file => Citations(File.ReadAllText(file)).Select(section => (File: NameOf(file), Section: section)))
            .ToList();
        var broken = citations.Where(c => !headings.Contains(c.Section)).Select(c => $"{c.File}: there is no §{c.Section}").ToList();

        Assert.NotEmpty(citations);
        Assert.True(broken is [], string.Join('\n', broken));
    }

    [Fact]
    public void NoComment_CitesAPageThatIsNotInTheRepository()
    {
        const string Gone = "behaviour reference";
        var citing = Sources()
            .Where(file => File.ReadAllText(file).Contains(Gone, StringComparison.OrdinalIgnoreCase))
            .Select(NameOf)
            .ToList();

        Assert.True(citing is [], string.Join('\n', citing));
    }

    [Fact]
    public void OneCitation_MayNameSeveralSections() => Assert.Equal(
        ["3.3", "3.13", "4.6", "5.1"],
        Citations("/// The routes (istio-2017.md §3.3 to §3.13, §4.6).\n// RFC 9110 §7.6\n// istio-2017.md §5.1\n"));

    [Fact]
    public void ASectionIsAHeading_NotItsMention() =>
        Assert.Equal(["3", "3.10"], HeadingsOf("## 3 Rules\n\nSee §3.9.\n### 3.10 CORS\n").Order(StringComparer.Ordinal));

    private static IEnumerable<string> Sources() =>
        Directory.EnumerateFiles(Path.Combine(Repository, "src"), "*.cs", SearchOption.AllDirectories);

    private static string NameOf(string file) => Path.GetRelativePath(Repository, file);

    private static HashSet<string> HeadingsOf(string page) =>
        [.. Heading().Matches(page).Select(heading => heading.Groups["section"].Value)];

    private static IEnumerable<string> Citations(string source) =>
        Citation().Matches(source)
            .SelectMany(citation => Section().Matches(citation.Value))
            .Select(section => section.Groups["section"].Value);

    [GeneratedRegex(@"^#+ (?<section>\d+(\.\d+)?) ", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Heading();

    [GeneratedRegex("istio-2017.md §[^\n]*")]
    private static partial Regex Citation();

    [GeneratedRegex(@"§(?<section>\d+(\.\d+)?)", RegexOptions.ExplicitCapture)]
    private static partial Regex Section();
}
