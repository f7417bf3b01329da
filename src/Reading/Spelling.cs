using System.Text;
using System.Text.RegularExpressions;

namespace Turnpike.Reading;

/// <summary>The two spellings of a field, and the guess at which field a user meant.</summary>
public static partial class Spelling
{
    /// <summary><c>httpReqTimeout</c> to <c>http_req_timeout</c>.</summary>
    internal static string Snake(string camel)
    {
        var text = new StringBuilder(camel.Length + 4);
        foreach (var c in camel)
        {
            if (char.IsAsciiLetterUpper(c))
                text.Append('_').Append(char.ToLowerInvariant(c));
            else
                text.Append(c);
        }
        return text.ToString();
    }

    /// <summary>
    /// Writes the field names in <paramref name="text"/>, marked as <c>`httpReqTimeout`</c>, in quotes and in the user's spelling.
    /// </summary>
    internal static string Render(string text, bool snake) =>
        text.Contains('`', StringComparison.Ordinal)
            ? MarkedName().Replace(text, name => $"\"{(snake ? Snake(name.Groups[1].Value) : name.Groups[1].Value)}\"")
            : text;

    /// <summary>
    /// The candidate that differs least from <paramref name="name"/>, leaving case and <c>_</c> aside, or null where none is near.
    /// </summary>
    /// <param name="name">What was written.</param>
    /// <param name="candidates">What may have been meant.</param>
    /// <param name="most">Slips of the finger at most; a third of the letters where that is fewer.</param>
    public static string? Nearest(string name, IEnumerable<string> candidates, int most = int.MaxValue)
    {
        var wanted = Plain(name);
        // A name far longer than any field is no slip of the finger, and not worth a quadratic comparison.
        if (wanted.Length is 0 or > 64)
            return null;
        var best = candidates
            .Select(candidate => (Name: candidate, Distance: Distance(wanted, Plain(candidate))))
            .DefaultIfEmpty((Name: "", Distance: int.MaxValue))
            .MinBy(candidate => candidate.Distance);
        return best.Distance <= Math.Min(most, Math.Max(1, wanted.Length / 3)) ? best.Name : null;
    }

    /// <summary>Returns the end of a message that suggests <paramref name="meant"/>; empty if there is nothing to suggest.</summary>
    public static string DidYouMean(string? meant) => meant is null ? "" : $"; did you mean \"{meant}\"?";

    /// <summary>
    /// The only candidate of which <paramref name="name"/> is a part, as <c>retries</c> is of <c>httpReqRetries</c>; null where
    /// there is none, or more.
    /// </summary>
    internal static string? OnlyOneWith(string name, IEnumerable<string> candidates)
    {
        var part = Plain(name);
        var with = part.Length < 4 ? [] : candidates.Where(c => Plain(c).Contains(part, StringComparison.Ordinal)).Take(2).ToList();
        return with is [var one] ? one : null;
    }

    internal static bool Same(string left, string right) => Plain(left) == Plain(right);

    private static string Plain(string name) =>
        string.Concat(name.Where(c => c is not ('_' or '-')).Select(char.ToLowerInvariant));

    /// <summary>Insertions, deletions, replacements and swaps of neighbours that turn one text into the other.</summary>
    private static int Distance(string from, string to)
    {
        var beforeLast = new int[to.Length + 1];
        var last = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var current = new int[to.Length + 1];
            current[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var replace = last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                current[j] = Math.Min(replace, Math.Min(last[j], current[j - 1]) + 1);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                    current[j] = Math.Min(current[j], beforeLast[j - 2] + 1);
            }
            (beforeLast, last) = (last, current);
        }
        return last[to.Length];
    }

    [GeneratedRegex("`([A-Za-z0-9.]+)`")]
    private static partial Regex MarkedName();
}
