using System.Text;

namespace Turnpike.Primitives;

/// <summary>
/// A set of characters, as ranges in order that neither overlap nor touch. A character is the number of a Unicode scalar value, or
/// <see cref="NotUtf8"/>.
/// </summary>
internal sealed class CharSet
{
    /// <summary>The largest number of a Unicode scalar value.</summary>
    public const int MaxScalar = 0x10ffff;

    /// <summary>
    /// Stands for bytes that are not UTF-8. No pattern can name it, so it is only in sets that are made by exclusion: the dot, a negated
    /// class, and <c>\D</c>, <c>\W</c> and <c>\S</c>.
    /// </summary>
    public const int NotUtf8 = MaxScalar + 1;

    private readonly (int From, int To)[] _ranges;

    private CharSet((int From, int To)[] ranges) => _ranges = ranges;

    public static CharSet Digits { get; } = Of(('0', '9'));

    public static CharSet Word { get; } = Of(('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z'));

    /// <summary>White space and line terminators of ECMAScript.</summary>
    public static CharSet Space { get; } = Of(
        ('\t', '\r'), (' ', ' '), ('\u00a0', '\u00a0'), ('\u1680', '\u1680'), ('\u2000', '\u200a'), ('\u2028', '\u2029'),
        ('\u202f', '\u202f'), ('\u205f', '\u205f'), ('\u3000', '\u3000'), ('\ufeff', '\ufeff'));

    /// <summary>Every character except a line terminator: what a dot stands for.</summary>
    public static CharSet Dot { get; } = Of(('\n', '\n'), ('\r', '\r'), ('\u2028', '\u2029')).Complement();

    public IReadOnlyList<(int From, int To)> Ranges => _ranges;

    /// <summary>The character of a set that has one character only; null for other sets, and for half of a surrogate pair.</summary>
    public Rune? Single => _ranges is [var (from, to)] && from == to && Rune.IsValid(from) ? new Rune(from) : null;

    /// <summary>Word characters are ASCII, so a byte says whether it belongs to one.</summary>
    public static bool IsWord(byte b) => char.IsAsciiLetterOrDigit((char)b) || b == '_';

    public static CharSet Of(params IEnumerable<(int From, int To)> ranges)
    {
        var merged = new List<(int From, int To)>();
        foreach (var (from, to) in ranges.OrderBy(r => r.From))
        {
            if (merged.Count > 0 && from <= merged[^1].To + 1)
                merged[^1] = (merged[^1].From, Math.Max(merged[^1].To, to));
            else
                merged.Add((from, to));
        }
        return new CharSet([.. merged]);
    }

    /// <summary>The characters that are not in the set, <see cref="NotUtf8"/> among them.</summary>
    public CharSet Complement()
    {
        var gaps = new List<(int, int)>();
        var next = 0;
        foreach (var (from, to) in _ranges)
        {
            if (from > next)
                gaps.Add((next, from - 1));
            next = to + 1;
        }
        if (next <= NotUtf8)
            gaps.Add((next, NotUtf8));
        return new CharSet([.. gaps]);
    }

    /// <summary>The set with the other case of each of its ASCII letters.</summary>
    public CharSet IgnoringCase()
    {
        var more = new List<(int, int)>(_ranges);
        foreach (var (from, to) in _ranges)
        {
            AddShifted(more, from, to, 'a', 'z', -32);
            AddShifted(more, from, to, 'A', 'Z', 32);
        }
        return Of(more);
    }

    public bool Contains(int c)
    {
        int low = 0, high = _ranges.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (c < _ranges[middle].From)
                high = middle - 1;
            else if (c > _ranges[middle].To)
                low = middle + 1;
            else
                return true;
        }
        return false;
    }

    private static void AddShifted(List<(int, int)> ranges, int from, int to, char first, char last, int by)
    {
        var (low, high) = (Math.Max(from, first), Math.Min(to, last));
        if (low <= high)
            ranges.Add((low + by, high + by));
    }
}
