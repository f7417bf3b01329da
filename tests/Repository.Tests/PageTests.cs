using System.Text.RegularExpressions;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Repository;

/// <summary>
/// The pages of the project agree with each other: every link leads somewhere, and the index of decisions lists every decision.
/// </summary>
public sealed partial class PageTests
{
    private static readonly string Repository = Path.GetFullPath(Path.Combine(GoldenFiles.Root, "..", ".."));
    private static readonly string[] Folders = ["docs", "src", "bench", "hack", "changelog", ".github"];

    [Fact]
    public void EveryRelativeLink_LeadsToAFile()
    {
        var broken = Pages()
            .SelectMany(page =>
                Link().Matches(File.ReadAllText(page)).Select(m => m.Groups["target"].Value).Select(target => (page, target)))
            .Where(link =>
                !link.target.Contains("://", StringComparison.Ordinal) && !link.target.StartsWith("mailto:", StringComparison.Ordinal)
            )
            .Where(link => !Path.Exists(Path.Combine(FolderOf(link.page), link.target)))
            .Select(link => $"{Path.GetRelativePath(Repository, link.page)}: there is no {link.target}")
            .ToList();

        Assert.True(broken is [], string.Join('\n', broken));
    }

    [Fact]
    public void IndexOfDecisions_ListsEveryPageWithItsTitleADateAndAStatus()
    {
        var folder = Path.Combine(Repository, "docs", "decisions");
        var rows = DecisionRow().Matches(File.ReadAllText(Path.Combine(folder, "README.md")))
            .ToDictionary(m => m.Groups["file"].Value, m => m.Groups["title"].Value, StringComparer.Ordinal);
        var titles = Directory.EnumerateFiles(folder, "0*.md").ToDictionary(f => Path.GetFileName(f), TitleOf, StringComparer.Ordinal);

        Assert.NotEmpty(titles);
        Assert.Equal(titles.Keys.Order(StringComparer.Ordinal), rows.Keys.Order(StringComparer.Ordinal));
        Assert.All(titles, page => Assert.Equal(page.Value, rows[page.Key], ignoreCase: true));
    }

    // A fragment ends up in CHANGELOG.md, so its links start there.
    private static string FolderOf(string page)
    {
        var folder = Path.GetDirectoryName(page)!;
        return folder == Path.Combine(Repository, "changelog", "unreleased") ? Repository : folder;
    }

    private static string TitleOf(string file) => DecisionTitle().Replace(File.ReadLines(file).First(), "").Trim();

    private static IEnumerable<string> Pages() =>
        Directory.EnumerateFiles(Repository, "*.md").Concat(
            Folders.Select(folder => Path.Combine(Repository, folder)).Where(Directory.Exists)
                .SelectMany(folder => Directory.EnumerateFiles(folder, "*.md", SearchOption.AllDirectories)));

    [GeneratedRegex(@"\]\((?<target>[^)#\s]+)(?:#[^)\s]*)?\)")]
    private static partial Regex Link();

    [GeneratedRegex(
        @"^\| \[\d{4}\]\((?<file>[^)]+)\) \| (?<title>.+?) \| \d{4}-\d\d-\d\d \| (?:accepted|superseded by \[?\d{4}\]?.*) \|\r?$",
        RegexOptions.Multiline)]
    private static partial Regex DecisionRow();

    [GeneratedRegex(@"^# \d{4}:?")]
    private static partial Regex DecisionTitle();
}
