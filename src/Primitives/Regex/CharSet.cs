namespace Turnpike.Primitives;

/// <summary>A set of UTF-16 code units, as ranges in order that neither overlap nor touch.</summary>
internal sealed class CharSet
{
    private readonly (char From, char To)[] _ranges;

    private CharSet((char From, char To)[] ranges) => _ranges = ranges;

    public static CharSet Digits { get; } = Of(('0', '9'));

    public static CharSet Word { get; } = Of(('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z'));

    /// <summary>White space and line terminators of ECMAScript.</summary>
    public static CharSet Space { get; } = Of(
        ('\t', '\r'), (' ', ' '), ('\u00a0', '\u00a0'), ('\u1680', '\u1680'), ('\u2000', '\u200a'), ('\u2028', '\u2029'),
        ('\u202f', '\u202f'), ('\u205f', '\u205f'), ('\u3000', '\u3000'), ('\ufeff', '\ufeff'));

    /// <summary>Every character but a line terminator: what a dot stands for.</summary>
    public static CharSet Dot { get; } = Of(('\n', '\n'), ('\r', '\r'), ('\u2028', '\u2029')).Complement();

    public IReadOnlyList<(char From, char To)> Ranges => _ranges;

    /// <summary>The character of a set that has one only.</summary>
    public char? Single => _ranges is [var (from, to)] && from == to ? from : null;

    public static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    public static CharSet Of(params IEnumerable<(char From, char To)> ranges)
    {
        var merged = new List<(char From, char To)>();
        foreach (var (from, to) in ranges.OrderBy(r => r.From))
        {
            if (merged.Count > 0 && from <= merged[^1].To + 1)
                merged[^1] = (merged[^1].From, (char)Math.Max(merged[^1].To, to));
            else
                merged.Add((from, to));
        }
        return new CharSet([.. merged]);
    }

    public CharSet Complement()
    {
        var gaps = new List<(char, char)>();
        var next = 0;
        foreach (var (from, to) in _ranges)
        {
            if (from > next)
                gaps.Add(((char)next, (char)(from - 1)));
            next = to + 1;
        }
        if (next <= char.MaxValue)
            gaps.Add(((char)next, char.MaxValue));
        return new CharSet([.. gaps]);
    }

    /// <summary>The set with the other case of each of its ASCII letters.</summary>
    public CharSet IgnoringCase()
    {
        var more = new List<(char, char)>(_ranges);
        foreach (var (from, to) in _ranges)
        {
            AddShifted(more, from, to, 'a', 'z', -32);
            AddShifted(more, from, to, 'A', 'Z', 32);
        }
        return Of(more);
    }

    public bool Contains(char c)
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

    private static void AddShifted(List<(char, char)> ranges, char from, char to, char first, char last, int by)
    {
        var (low, high) = (Math.Max(from, first), Math.Min(to, last));
        if (low <= high)
            ranges.Add(((char)(low + by), (char)(high + by)));
    }
}

/// <summary>The classes of characters that an expression tells apart: two characters of one class lead everywhere to the same.</summary>
internal sealed class CharClasses
{
    /// <summary>The most classes of an expression; one fits into a byte.</summary>
    public const int Max = 256;

    private readonly char[] _starts;
    private readonly byte[] _ascii = new byte[128];

    public CharClasses(IEnumerable<CharSet> sets)
    {
        _starts = Starts(sets);
        for (var c = 0; c < _ascii.Length; c++)
            _ascii[c] = (byte)Search((char)c);
    }

    public int Count => _starts.Length;

    public byte Of(char c) => c < 128 ? _ascii[c] : (byte)Search(c);

    /// <summary>A character of the class.</summary>
    public char Example(int index) => _starts[index];

    public static int CountOf(RegexNode root) => Starts(SetsOf(root)).Length;

    private static char[] Starts(IEnumerable<CharSet> sets)
    {
        var starts = new SortedSet<char> { '\0' };
        foreach (var (from, to) in sets.Distinct().SelectMany(s => s.Ranges))
        {
            starts.Add(from);
            if (to < char.MaxValue)
                starts.Add((char)(to + 1));
        }
        return [.. starts];
    }

    private static IEnumerable<CharSet> SetsOf(RegexNode node) => node switch
    {
        RegexSet set => [set.Set],
        RegexSequence sequence => sequence.Parts.SelectMany(SetsOf),
        RegexChoice choice => choice.Parts.SelectMany(SetsOf),
        RegexRepeat repeat => SetsOf(repeat.Part),
        _ => [],
    };

    private int Search(char c)
    {
        var found = Array.BinarySearch(_starts, c);
        return found >= 0 ? found : ~found - 1;
    }
}
