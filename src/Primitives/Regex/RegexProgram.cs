using System.Globalization;

namespace Turnpike.Primitives;

internal enum StepKind : byte
{
    /// <summary>Takes one character of a set and goes on with the next step.</summary>
    Take,

    /// <summary>Goes on with <see cref="Step.To"/>, and with <see cref="Step.Or"/> too where there is one.</summary>
    Go,

    /// <summary>Goes on with the next step where the place is the right one.</summary>
    Check,

    /// <summary>The end of the pattern.</summary>
    Accept,
}

/// <summary>One step of the automaton.</summary>
/// <param name="Kind">What the step does.</param>
/// <param name="Place">For a Check: the place that it asks for.</param>
/// <param name="Set">For a Take: the index of the set.</param>
/// <param name="To">For a Go: the step to go on with.</param>
/// <param name="Or">For a Go: a second step to go on with, or -1.</param>
internal readonly record struct Step(StepKind Kind, RegexPlace Place = default, short Set = 0, short To = 0, short Or = -1);

/// <summary>What is known about a place between two characters.</summary>
internal readonly record struct Surroundings(bool Begin, bool End, bool WordBoundary)
{
    public bool Meet(RegexPlace place) => place switch
    {
        RegexPlace.Begin => Begin,
        RegexPlace.End => End,
        RegexPlace.WordBoundary => WordBoundary,
        _ => !WordBoundary,
    };
}

/// <summary>
/// The automaton of an expression. It runs by following all ways at once, so a character costs at most as many steps as the automaton
/// has, and the memory that it needs is on the stack.
/// </summary>
internal sealed class RegexProgram
{
    /// <summary>Stands for every size that is too large to be counted.</summary>
    public const int Huge = 1_000_000;

    private readonly Step[] _steps;
    private readonly bool[] _takes;

    private RegexProgram(Step[] steps, IReadOnlyList<CharSet> sets)
    {
        _steps = steps;
        Classes = new CharClasses(sets);
        _takes = new bool[sets.Count * Classes.Count];
        for (var s = 0; s < sets.Count; s++)
        {
            for (var c = 0; c < Classes.Count; c++)
                _takes[(s * Classes.Count) + c] = sets[s].Contains(Classes.Example(c));
        }
        HasWordBoundaries = steps.Any(s => s is { Kind: StepKind.Check, Place: RegexPlace.WordBoundary or RegexPlace.NoWordBoundary });
    }

    public int Length => _steps.Length;

    public CharClasses Classes { get; }

    public bool HasWordBoundaries { get; }

    public static RegexProgram Of(RegexNode root)
    {
        var writer = new Writer();
        writer.Write(root);
        writer.Steps.Add(new Step(StepKind.Accept));
        return new RegexProgram([.. writer.Steps], writer.Sets);
    }

    /// <summary>
    /// The number of steps that the program of <paramref name="root"/> has before it accepts. The program is not written for it.
    /// </summary>
    public static int SizeOf(RegexNode root) => (int)Count(root);

    /// <summary>Returns true when the whole of <paramref name="utf8"/> matches.</summary>
    public bool IsMatch(ReadOnlySpan<byte> utf8)
    {
        Span<short> from = stackalloc short[_steps.Length];
        Span<short> to = stackalloc short[_steps.Length];
        Span<short> open = stackalloc short[_steps.Length];
        Span<ulong> seen = stackalloc ulong[(_steps.Length + 63) >> 6];
        seen.Clear();
        var count = 0;
        Follow(0, At(utf8, 0), from, ref count, seen, open);
        var index = 0;
        while (index < utf8.Length)
        {
            if (count == 0)
                return false;
            seen.Clear();
            var next = 0;
            var symbol = Classes.OfFirst(utf8[index..], out var length);
            index += length;
            var place = At(utf8, index);
            foreach (var step in from[..count])
            {
                if (Takes(step, symbol))
                    Follow((short)(step + 1), place, to, ref next, seen, open);
            }
            var swap = from;
            from = to;
            to = swap;
            count = next;
        }
        return from[..count].Contains((short)(_steps.Length - 1));
    }

    /// <summary>Returns true when the step takes a character of the class.</summary>
    public bool Takes(short step, int symbol)
    {
        ref readonly var s = ref _steps[step];
        return s.Kind == StepKind.Take && _takes[(s.Set * Classes.Count) + symbol];
    }

    public bool IsAccept(short step) => _steps[step].Kind == StepKind.Accept;

    public bool IsCheck(short step) => _steps[step].Kind == StepKind.Check;

    /// <summary>
    /// Adds to <paramref name="found"/> each step that is reached from <paramref name="step"/> without taking a character, once.
    /// </summary>
    /// <param name="step">Where to begin.</param>
    /// <param name="place">The place in the value.</param>
    /// <param name="found">Gets the steps.</param>
    /// <param name="count">The number of steps in <paramref name="found"/>.</param>
    /// <param name="seen">The steps that have been reached already, as bits.</param>
    /// <param name="open">Working memory for as many steps as there are.</param>
    /// <param name="keepChecks">Keeps conditions that do not hold here, because they may hold when more is known.</param>
    public void Follow(
        short step, Surroundings place, Span<short> found, ref int count, Span<ulong> seen, Span<short> open, bool keepChecks = false)
    {
        ref readonly var first = ref _steps[step];
        if (first.Kind == StepKind.Take)
        {
            // The usual case: one character leads to the next.
            if ((seen[step >> 6] & (1UL << (step & 63))) == 0)
            {
                seen[step >> 6] |= 1UL << (step & 63);
                found[count++] = step;
            }
            return;
        }
        var depth = 0;
        Push(step, open, ref depth, seen);
        while (depth > 0)
        {
            var at = open[--depth];
            ref readonly var s = ref _steps[at];
            switch (s.Kind)
            {
                case StepKind.Go:
                    if (s.Or >= 0)
                        Push(s.Or, open, ref depth, seen);
                    Push(s.To, open, ref depth, seen);
                    break;
                case StepKind.Check:
                    if (place.Meet(s.Place))
                        Push((short)(at + 1), open, ref depth, seen);
                    else if (keepChecks)
                        found[count++] = at;
                    break;
                default:
                    found[count++] = at;
                    break;
            }
        }
    }

    private static void Push(short step, Span<short> open, ref int depth, Span<ulong> seen)
    {
        ref var word = ref seen[step >> 6];
        var bit = 1UL << (step & 63);
        if ((word & bit) != 0)
            return;
        word |= bit;
        open[depth++] = step;
    }

    private Surroundings At(ReadOnlySpan<byte> utf8, int index)
    {
        var boundary = HasWordBoundaries
            && (index > 0 && CharSet.IsWord(utf8[index - 1])) != (index < utf8.Length && CharSet.IsWord(utf8[index]));
        return new Surroundings(index == 0, index == utf8.Length, boundary);
    }

    private static long Count(RegexNode node)
    {
        var count = node switch
        {
            RegexSequence sequence => sequence.Parts.Sum(Count),
            RegexChoice choice => choice.Parts.Sum(Count) + (2 * (choice.Parts.Count - 1)),
            RegexRepeat { Max: < 0 } repeat => (Count(repeat.Part) * (repeat.Min + 1)) + 2,
            RegexRepeat repeat => (Count(repeat.Part) * repeat.Max) + (repeat.Max - repeat.Min),
            _ => 1,
        };
        return Math.Min(count, Huge);
    }

    private sealed class Writer
    {
        private readonly Dictionary<string, short> _known = new(StringComparer.Ordinal);

        public List<Step> Steps { get; } = [];

        public List<CharSet> Sets { get; } = [];

        public void Write(RegexNode node)
        {
            switch (node)
            {
                case RegexSet set:
                    Steps.Add(new Step(StepKind.Take, Set: IndexOf(set.Set)));
                    break;
                case RegexAssertion assertion:
                    Steps.Add(new Step(StepKind.Check, assertion.Place));
                    break;
                case RegexSequence sequence:
                    foreach (var part in sequence.Parts)
                        Write(part);
                    break;
                case RegexChoice choice:
                    WriteChoice(choice);
                    break;
                case RegexRepeat repeat:
                    WriteRepeat(repeat);
                    break;
            }
        }

        private void WriteChoice(RegexChoice choice)
        {
            var ends = new List<int>();
            for (var i = 0; i < choice.Parts.Count - 1; i++)
            {
                var fork = Reserve();
                Write(choice.Parts[i]);
                ends.Add(Reserve());
                Steps[fork] = new Step(StepKind.Go, To: (short)(fork + 1), Or: (short)Steps.Count);
            }
            Write(choice.Parts[^1]);
            foreach (var end in ends)
                Steps[end] = new Step(StepKind.Go, To: (short)Steps.Count);
        }

        private void WriteRepeat(RegexRepeat repeat)
        {
            for (var i = 0; i < repeat.Min; i++)
                Write(repeat.Part);
            if (repeat.Max < 0)
            {
                var fork = Reserve();
                Write(repeat.Part);
                Steps.Add(new Step(StepKind.Go, To: (short)fork));
                Steps[fork] = new Step(StepKind.Go, To: (short)(fork + 1), Or: (short)Steps.Count);
                return;
            }
            var forks = new List<int>();
            for (var i = repeat.Min; i < repeat.Max; i++)
            {
                forks.Add(Reserve());
                Write(repeat.Part);
            }
            foreach (var fork in forks)
                Steps[fork] = new Step(StepKind.Go, To: (short)(fork + 1), Or: (short)Steps.Count);
        }

        private int Reserve()
        {
            Steps.Add(default);
            return Steps.Count - 1;
        }

        private short IndexOf(CharSet set)
        {
            var key = string.Join(',', set.Ranges.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.From}-{r.To}")));
            if (!_known.TryGetValue(key, out var index))
            {
                _known.Add(key, index = (short)Sets.Count);
                Sets.Add(set);
            }
            return index;
        }
    }
}
