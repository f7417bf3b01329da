using System.Text.RegularExpressions;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Repository;

/// <summary>The table of rooms in docs/architecture.md has a row for each project of src, with the projects that it refers to.</summary>
public sealed partial class RoomTableTests
{
    private static readonly string Repository = Path.GetFullPath(Path.Combine(GoldenFiles.Root, "..", ".."));

    [Fact]
    public void EveryProject_HasARow_WithItsReferences()
    {
        var projects = Directory.EnumerateFiles(Path.Combine(Repository, "src"), "*.csproj", SearchOption.AllDirectories)
            .ToDictionary(file => Path.GetFileNameWithoutExtension(file), ReferencesOf, StringComparer.Ordinal);
        var rows = Rows(File.ReadAllText(Path.Combine(Repository, "docs", "architecture.md")));

        Assert.NotEmpty(projects);
        Assert.Equal(Lines(projects), Lines(rows));
    }

    [Fact]
    public void Row_NamesRoomsInAnyOrder_OrNone() =>
        Assert.Equal(
            ["A: ", "B: A C"],
            Lines(Rows("""
                | Room | What it holds | Uses |
                |---|---|---|
                | `src/A` | pure: a and b ([0042](decisions/0042-pipeline-room.md)) | none |
                | `src/B` | something | C, A |
                """)));

    private static string ReferencesOf(string project) =>
        Sorted(Reference().Matches(File.ReadAllText(project)).Select(match => match.Groups["name"].Value));

    private static Dictionary<string, string> Rows(string page) =>
        Row().Matches(page).ToDictionary(
            match => match.Groups["room"].Value,
            match => Sorted(match.Groups["uses"].Value.Split(", ").Where(name => name != "none")),
            StringComparer.Ordinal);

    private static string Sorted(IEnumerable<string> names) => string.Join(' ', names.Order(StringComparer.Ordinal));

    private static IEnumerable<string> Lines(Dictionary<string, string> rooms) =>
        rooms.Select(room => $"{room.Key}: {room.Value}").Order(StringComparer.Ordinal);

    [GeneratedRegex("""<ProjectReference Include="[^"]*?(?<name>\w+)\.csproj" """)]
    private static partial Regex Reference();

    [GeneratedRegex(@"^\| `src/(?<room>\w+)` \| [^|]* \| (?<uses>[^|]+?) \|\r?$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
