using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Turnpike.Primitives;

/// <summary>
/// A regular expression for a whole value, in the syntax of ECMAScript without the constructs that cannot run in linear time. Admission
/// and the data plane both use this class, so it alone decides which patterns are accepted. A value is UTF-8 as it comes off the wire; its
/// characters are Unicode scalar values, and bytes that are not UTF-8 count as characters that no pattern can name. Matching takes at
/// most <see cref="Size"/> steps for each character, allocates nothing once the expression has been used, never fails, and never makes
/// the expression grow, so a client that chooses the values cannot make it cost more than that. Immutable and thread-safe.
/// </summary>
public sealed class LinearRegex
{
    /// <summary>The longest pattern that is accepted, in characters.</summary>
    public const int MaxLength = 1000;

    /// <summary>The largest <see cref="Size"/> that is accepted.</summary>
    public const int MaxSize = 1000;

    private readonly RegexProgram _program;
    private readonly byte[] _prefix;
    private readonly byte[] _required;
    private RegexTable? _table;
    private bool _tableTried;

    private LinearRegex(string pattern, RegexNode root)
    {
        Pattern = pattern;
        _program = RegexProgram.Of(root);
        _prefix = Encoding.UTF8.GetBytes(RegexLiterals.PrefixOf(root));
        _required = Encoding.UTF8.GetBytes(RegexLiterals.RequiredBy(root));
    }

    public string Pattern { get; }

    /// <summary>
    /// The number of steps that the pattern has once its bounded repetitions are written out. One character of a value costs at most that.
    /// </summary>
    public int Size => _program.Length - 1;

    /// <summary>
    /// What is wrong with <paramref name="pattern"/>, with the construct and its offset; null when the pattern is accepted.
    /// </summary>
    public static string? Fault(string pattern)
    {
        Parse(pattern, out _, out var fault);
        return fault;
    }

    /// <summary>The size that the pattern would have; 0 when it is not accepted.</summary>
    public static int SizeOf(string pattern) => Parse(pattern, out var root, out _) ? RegexProgram.SizeOf(root) : 0;

    /// <summary>
    /// The expression of a pattern. All users of the same pattern share one expression for as long as any of them holds it.
    /// </summary>
    /// <exception cref="ArgumentException">The pattern is not accepted; the message says why.</exception>
    public static LinearRegex Get(string pattern) => RegexCache.Shared.Get(pattern, Make);

    /// <summary>Returns true when the whole of <paramref name="utf8"/> matches.</summary>
    public bool IsMatch(ReadOnlySpan<byte> utf8)
    {
        // No character of UTF-8 is a part of another, so these may compare bytes.
        if (!utf8.StartsWith(_prefix))
            return false;
        if (_required.Length > _prefix.Length && utf8.IndexOf(_required) < 0)
            return false;
        if (!Volatile.Read(ref _tableTried))
        {
            // Two threads that come here at once make two equal tables, and one of them stays.
            _table = RegexTable.TryMake(_program);
            Volatile.Write(ref _tableTried, true);
        }
        return _table is { } table ? table.IsMatch(utf8) : _program.IsMatch(utf8);
    }

    /// <inheritdoc/>
    public override string ToString() => Pattern;

    /// <summary>Matches without any shortcut, so that a test can compare the shortcuts with it.</summary>
    internal bool IsMatchByProgram(ReadOnlySpan<byte> utf8) => _program.IsMatch(utf8);

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
                    $"must be a regular expression of at most {MaxSize} steps, with its bounded repetitions written out; "
                    + $"this one has {written}: use smaller bounds, or * and +");
            }
            if (CharClasses.CountOf(parsed) > CharClasses.Max)
            {
                throw new RegexSyntaxException(
                    $"must be a regular expression that tells at most {CharClasses.Max} classes of characters apart: use fewer ranges");
            }
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

/// <summary>The expressions in use, by pattern. It keeps none of them alive.</summary>
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
