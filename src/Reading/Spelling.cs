using System.Text;
using System.Text.RegularExpressions;

namespace Turnpike.Reading;

/// <summary>Converts between the two spellings of a field, and guesses which name a user meant.</summary>
public static partial class Spelling
{
    /// <summary>Turns <c>httpReqTimeout</c> into <c>http_req_timeout</c>.</summary>
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
    /// Replaces the field names in <paramref name="text"/>, which are marked as <c>`httpReqTimeout`</c>, by quoted names in the user's
    /// spelling.
    /// </summary>
    internal static string Render(string text, bool snake) =>
        text.Contains('`', StringComparison.Ordinal)
            ? MarkedName().Replace(text, name => $"\"{(snake ? Snake(name.Groups[1].Value) : name.Groups[1].Value)}\"")
            : text;

    /// <summary>
    /// Returns the candidate that differs least from <paramref name="name"/>, or null if none is near. Case and <c>_</c> do not count.
    /// </summary>
    /// <param name="name">The name that was written.</param>
    /// <param name="candidates">The names that may have been meant.</param>
    /// <param name="most">The largest number of typing errors. It is a third of the letters if that is less.</param>
    public static string? Nearest(string name, IEnumerable<string> candidates, int most = int.MaxValue)
    {
        var wanted = Plain(name);
        // A name far longer than any field is not a typing error, and not worth a comparison in quadratic time.
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
    /// Returns the only candidate that contains <paramref name="name"/>, as <c>httpReqRetries</c> contains <c>retries</c>; null if there is
    /// none or
    /// more than one.
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

    /// <summary>
    /// Returns the number of insertions, deletions, replacements and swaps of neighbours that turn one text into the other.
    /// </summary>
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
