namespace Turnpike.Primitives;

/// <summary>
/// The automaton of an expression with one state at a time: it takes one lookup for each character. Only small automata have a table, and
/// whether there is one depends on the pattern alone, never on the values.
/// </summary>
internal sealed class RegexTable
{
    // These bounds let a pattern cost about a millisecond and some tens of kilobytes at most.
    private const int MaxWork = 200_000;
    private const int MaxCells = 8_192;

    private const short Dead = -1;

    private readonly CharClasses _classes;
    private readonly short[] _next;
    private readonly bool[] _accepts;

    private RegexTable(CharClasses classes, short[] next, bool[] accepts)
    {
        _classes = classes;
        _next = next;
        _accepts = accepts;
    }

    /// <summary>Returns true when the whole of <paramref name="utf8"/> matches.</summary>
    public bool IsMatch(ReadOnlySpan<byte> utf8)
    {
        var state = 0;
        while (!utf8.IsEmpty)
        {
            state = _next[(state * _classes.Count) + _classes.OfFirst(utf8, out var length)];
            if (state == Dead)
                return false;
            utf8 = utf8[length..];
        }
        return _accepts[state];
    }

    /// <summary>The table, or null when it would be too large or when the expression looks at both sides of a place.</summary>
    public static RegexTable? TryMake(RegexProgram program)
    {
        if (program.HasWordBoundaries)
            return null;
        var classes = program.Classes;
        var work = 0;
        var numbers = new Dictionary<string, short>(StringComparer.Ordinal);
        var states = new List<string>();
        var next = new List<short>();
        // Only the first state is at the beginning of the value, so it is not shared with an equal state.
        states.Add(Closure(program, [0], new Surroundings(Begin: true, End: false, WordBoundary: false)));
        for (var state = 0; state < states.Count; state++)
        {
            for (var symbol = 0; symbol < classes.Count; symbol++)
            {
                work += states[state].Length + 16;
                var kernel = new List<short>();
                foreach (var step in states[state])
                {
                    if (program.Takes((short)step, symbol))
                        kernel.Add((short)(step + 1));
                }
                if (kernel.Count == 0)
                {
                    next.Add(Dead);
                    continue;
                }
                work += program.Length;
                var closure = Closure(program, kernel, default);
                if (!numbers.TryGetValue(closure, out var number))
                {
                    numbers.Add(closure, number = (short)states.Count);
                    states.Add(closure);
                }
                next.Add(number);
                if (work > MaxWork || states.Count * classes.Count > MaxCells)
                    return null;
            }
        }
        var accepts = states.Select(
            (steps, index) => Accepts(program, steps, new Surroundings(index == 0, End: true, WordBoundary: false)));
        return new RegexTable(classes, [.. next], [.. accepts]);
    }

    /// <summary>The steps that are reached, in order and as text, so that equal sets are equal keys.</summary>
    private static string Closure(RegexProgram program, List<short> kernel, Surroundings place)
    {
        var found = new short[program.Length];
        Span<short> open = stackalloc short[program.Length];
        Span<ulong> seen = stackalloc ulong[(program.Length + 63) >> 6];
        seen.Clear();
        var count = 0;
        foreach (var step in kernel)
            program.Follow(step, place, found, ref count, seen, open, keepChecks: true);
        Array.Sort(found, 0, count);
        return string.Create(count, found, static (text, steps) =>
        {
            for (var i = 0; i < text.Length; i++)
                text[i] = (char)steps[i];
        });
    }

    private static bool Accepts(RegexProgram program, string steps, Surroundings place)
    {
        Span<short> found = stackalloc short[program.Length], open = stackalloc short[program.Length];
        Span<ulong> seen = stackalloc ulong[(program.Length + 63) >> 6];
        seen.Clear();
        var count = 0;
        foreach (var step in steps)
            program.Follow((short)step, place, found, ref count, seen, open);
        return found[..count].Contains((short)(program.Length - 1));
    }
}
