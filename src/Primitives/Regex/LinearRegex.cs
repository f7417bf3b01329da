using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Turnpike.Primitives;

/// <summary>
/// A regular expression for a whole value, in the syntax of ECMAScript without what cannot run in linear time. It is the one place that
/// decides which patterns are accepted, for admission and data plane alike. Matching takes at most <see cref="Size"/> steps for each
/// character, allocates nothing once the expression has been used, never fails, and never makes the expression grow: whoever
/// chooses the values cannot spend more than that. Immutable and thread-safe.
/// </summary>
public sealed class LinearRegex
{
    /// <summary>The longest pattern that is accepted, in characters.</summary>
    public const int MaxLength = 1000;

    /// <summary>The largest <see cref="Size"/> that is accepted.</summary>
    public const int MaxSize = 1000;

    private readonly RegexProgram _program;
    private readonly string _prefix;
    private readonly string _required;
    private RegexTable? _table;
    private bool _tableTried;

    private LinearRegex(string pattern, RegexNode root)
    {
        Pattern = pattern;
        _program = RegexProgram.Of(root);
        _prefix = RegexLiterals.PrefixOf(root);
        _required = RegexLiterals.RequiredBy(root);
    }

    public string Pattern { get; }

    /// <summary>The number of steps that the pattern has once its bounded repetitions are written out: what one character of a value costs at most.</summary>
    public int Size => _program.Length - 1;

    /// <summary>What is wrong with <paramref name="pattern"/>, with the construct and its offset, or null where it is accepted.</summary>
    public static string? Fault(string pattern)
    {
        Parse(pattern, out _, out var fault);
        return fault;
    }

    /// <summary>The size that the pattern would have; 0 where it is not accepted.</summary>
    public static int SizeOf(string pattern) => Parse(pattern, out var root, out _) ? RegexProgram.SizeOf(root) : 0;

    /// <summary>The expression of a pattern. All users of the same pattern share one, for as long as any of them has it.</summary>
    /// <exception cref="ArgumentException">The pattern is not accepted; the message says why.</exception>
    public static LinearRegex Get(string pattern) => RegexCache.Shared.Get(pattern, Make);

    /// <summary>Whether the whole of <paramref name="value"/> matches.</summary>
    public bool IsMatch(ReadOnlySpan<char> value)
    {
        if (!value.StartsWith(_prefix, StringComparison.Ordinal))
            return false;
        if (_required.Length > _prefix.Length && value.IndexOf(_required, StringComparison.Ordinal) < 0)
            return false;
        if (!Volatile.Read(ref _tableTried))
        {
            // Two threads at once make two equal tables, of which one stays.
            _table = RegexTable.TryMake(_program);
            Volatile.Write(ref _tableTried, true);
        }
        return _table is { } table ? table.IsMatch(value) : _program.IsMatch(value);
    }

    /// <inheritdoc/>
    public override string ToString() => Pattern;

    /// <summary>Matches without any shortcut, so that a test can hold the shortcuts to it.</summary>
    internal bool IsMatchByProgram(ReadOnlySpan<char> value) => _program.IsMatch(value);

    private static LinearRegex Make(string pattern) =>
        Parse(pattern, out var root, out var fault) ? new LinearRegex(pattern, root) : throw new ArgumentException(fault, nameof(pattern));

    private static bool Parse(string pattern, [NotNullWhen(true)] out RegexNode? root, [NotNullWhen(false)] out string? fault)
    {
        root = null;
        if (pattern.Length > MaxLength)
        {
            fault = $"must be a regular expression of at most {MaxLength} characters";
            return false;
        }
        try
        {
            var parsed = RegexParser.Parse(pattern);
            if (RegexProgram.SizeOf(parsed) is var size && size > MaxSize)
            {
                var written = size >= RegexProgram.Huge ? "far more" : size.ToString(CultureInfo.InvariantCulture);
                throw new RegexSyntaxException(
                    $"must be a regular expression of at most {MaxSize} steps, with its bounded repetitions written out; this one has {written}: use smaller bounds, or * and +");
            }
            if (CharClasses.CountOf(parsed) > CharClasses.Max)
                throw new RegexSyntaxException($"must be a regular expression that tells at most {CharClasses.Max} classes of characters apart: use fewer ranges");
            root = parsed;
            fault = null;
            return true;
        }
        catch (RegexSyntaxException e)
        {
            fault = e.Message;
            return false;
        }
    }
}

/// <summary>The expressions in use, by pattern. Holds none of them alive.</summary>
internal sealed class RegexCache
{
    private const int FirstSweep = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, WeakReference<LinearRegex>> _byPattern = new(StringComparer.Ordinal);
    private int _sweepAt = FirstSweep;

    public static RegexCache Shared { get; } = new();

    public LinearRegex Get(string pattern, Func<string, LinearRegex> make)
    {
        lock (_lock)
        {
            if (_byPattern.TryGetValue(pattern, out var known) && known.TryGetTarget(out var regex))
                return regex;
        }
        var made = make(pattern);
        lock (_lock)
        {
            if (_byPattern.TryGetValue(pattern, out var known) && known.TryGetTarget(out var regex))
                return regex;
            if (_byPattern.Count >= _sweepAt)
                Sweep();
            _byPattern[pattern] = new WeakReference<LinearRegex>(made);
            return made;
        }
    }

    private void Sweep()
    {
        foreach (var (pattern, reference) in _byPattern)
        {
            if (!reference.TryGetTarget(out _))
                _byPattern.Remove(pattern);
        }
        _sweepAt = Math.Max(FirstSweep, _byPattern.Count * 2);
    }
}
