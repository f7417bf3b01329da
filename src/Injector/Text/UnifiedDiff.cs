using System.Globalization;

namespace Turnpike.Injector.Text;

public enum DiffLineKind
{
    /// <summary>The names of the two texts, or the place of a hunk.</summary>
    Header,
    Context,
    Removed,
    Added,
}

/// <param name="Kind">The kind of line.</param>
/// <param name="Text">The line with its leading mark and without a line break.</param>
public sealed record DiffLine(DiffLineKind Kind, string Text);

/// <summary>Compares two texts and prints the differences like <c>diff -u</c>.</summary>
public static class UnifiedDiff
{
    private const int Context = 3;
    private const int Farthest = 1000;
    private const string NoLineBreak = "\\ No newline at end of file";

    /// <summary>Returns the lines of the diff; none if the texts are the same.</summary>
    public static IReadOnlyList<DiffLine> Compare(string oldName, string oldText, string newName, string newText)
    {
        ArgumentNullException.ThrowIfNull(oldText);
        ArgumentNullException.ThrowIfNull(newText);
        var (before, after) = (Lines(oldText), Lines(newText));
        var edits = Edits(before, after);
        var lines = new List<DiffLine>();
        for (var i = 0; i < edits.Count;)
        {
            if (edits[i].Kind is DiffLineKind.Context)
            {
                i++;
                continue;
            }
            var start = Math.Max(0, i - Context);
            var end = HunkEnd(edits, i);
            if (lines.Count == 0)
                lines.AddRange([new(DiffLineKind.Header, $"--- {oldName}"), new(DiffLineKind.Header, $"+++ {newName}")]);
            AddHunk(lines, edits, start, end);
            i = end;
        }
        return lines;
    }

    /// <summary>Returns the end of a hunk. Changes that are less than two contexts apart share one.</summary>
    private static int HunkEnd(List<Edit> edits, int from)
    {
        var last = from;
        for (var i = from; i < edits.Count && i <= last + (2 * Context); i++)
        {
            if (edits[i].Kind is not DiffLineKind.Context)
                last = i;
        }
        return Math.Min(edits.Count, last + Context + 1);
    }

    private static void AddHunk(List<DiffLine> lines, List<Edit> edits, int start, int end)
    {
        var hunk = edits[start..end];
        var oldCount = hunk.Count(edit => edit.Kind is not DiffLineKind.Added);
        var newCount = hunk.Count(edit => edit.Kind is not DiffLineKind.Removed);
        lines.Add(new(DiffLineKind.Header, $"@@ -{Range(hunk[0].OldLine, oldCount)} +{Range(hunk[0].NewLine, newCount)} @@"));
        foreach (var edit in hunk)
        {
            var mark = edit.Kind switch { DiffLineKind.Added => '+', DiffLineKind.Removed => '-', _ => ' ' };
            lines.Add(new(edit.Kind, mark + edit.Text.TrimEnd('\n')));
            if (!edit.Text.EndsWith('\n'))
                lines.Add(new(edit.Kind, NoLineBreak));
        }
    }

    private static string Range(int line, int count) =>
        count == 1 ? line.ToString(CultureInfo.InvariantCulture) : FormattableString.Invariant($"{(count == 0 ? line - 1 : line)},{count}");

    /// <summary>
    /// Walks through both texts together. Where they differ, it looks for the nearest place at which several lines agree again. The diff is
    /// correct
    /// but not always the shortest; in return the time grows with the texts and not with the square of the differences.
    /// </summary>
    private static List<Edit> Edits(string[] before, string[] after)
    {
        var edits = new List<Edit>();
        var (x, y) = (0, 0);
        while (x < before.Length || y < after.Length)
        {
            if (x < before.Length && y < after.Length && before[x] == after[y])
            {
                edits.Add(new(DiffLineKind.Context, before[x], ++x, ++y));
                continue;
            }
            var (removed, added) = Resume(before.AsSpan(x), after.AsSpan(y));
            for (var end = x + removed; x < end; x++)
                edits.Add(new(DiffLineKind.Removed, before[x], x + 1, y + 1));
            for (var end = y + added; y < end; y++)
                edits.Add(new(DiffLineKind.Added, after[y], x + 1, y + 1));
        }
        return edits;
    }

    /// <summary>
    /// Returns how many lines of each text to skip until three lines agree, or two, or one; all lines if nothing near agrees.
    /// </summary>
    private static (int Removed, int Added) Resume(ReadOnlySpan<string> before, ReadOnlySpan<string> after)
    {
        for (var agreeing = 3; agreeing > 0; agreeing--)
        {
            for (var distance = 1; distance <= Math.Min(Farthest, before.Length + after.Length); distance++)
            {
                for (var removed = Math.Max(0, distance - after.Length); removed <= Math.Min(distance, before.Length); removed++)
                {
                    if (Agree(before[removed..], after[(distance - removed)..], agreeing))
                        return (removed, distance - removed);
                }
            }
        }
        return (before.Length, after.Length);
    }

    private static bool Agree(ReadOnlySpan<string> before, ReadOnlySpan<string> after, int lines) =>
        before.Length < lines || after.Length < lines
            ? before.SequenceEqual(after)
            : before[..lines].SequenceEqual(after[..lines]);

    /// <summary>Returns the lines with their line breaks.</summary>
    private static string[] Lines(string text)
    {
        var lines = text.Split('\n').Select(line => line + "\n").ToArray();
        lines[^1] = lines[^1][..^1];
        return lines[^1].Length == 0 ? lines[..^1] : lines;
    }

    private readonly record struct Edit(DiffLineKind Kind, string Text, int OldLine, int NewLine);
}
