using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Turnpike.Reading;

/// <summary>
/// A duration in Go's syntax: a sequence of decimal numbers, each with one of the units <c>h m s ms us µs ns</c>, for example <c>1.5h</c>,
/// <c>1h15m</c>, <c>100ms</c> (istio-2017.md §1.3). It is kept in nanoseconds, as in Go, so that <c>0.5ms</c> can be told from a whole
/// millisecond.
/// </summary>
public readonly record struct GoDuration(long Nanoseconds) : IComparable<GoDuration>
{
    private const long Microsecond = 1_000, Millisecond = 1_000_000, Second = 1_000_000_000;

    private const string Wanted = "must be a duration such as 3s, 500ms or 1m30s";

    // A message repeats a unit only if it consists of letters, so that the message stays one line of text.
    private static readonly SearchValues<char> UnitCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    /// <summary>The duration as a <see cref="System.TimeSpan"/>, truncated to its 100 ns.</summary>
    public TimeSpan TimeSpan => TimeSpan.FromTicks(Nanoseconds / 100);

    public bool IsWholeMilliseconds => Nanoseconds % Millisecond == 0;

    public bool IsWholeSeconds => Nanoseconds % Second == 0;

    public static GoDuration FromTimeSpan(TimeSpan span) => new(checked(span.Ticks * 100));

    /// <summary>
    /// Parses <paramref name="text"/>. On failure <paramref name="fault"/> is a phrase that says what is wrong or what would be right.
    /// </summary>
    public static bool TryParse(string text, out GoDuration duration, [NotNullWhen(false)] out string? fault)
    {
        duration = default;
        var rest = text.AsSpan();
        var negative = false;
        if (rest is ['-' or '+', ..])
        {
            negative = rest[0] == '-';
            rest = rest[1..];
        }
        if (rest is "0")
        {
            fault = null;
            return true;
        }
        decimal total = 0;
        if (rest.IsEmpty)
        {
            fault = Wanted;
            return false;
        }
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(NumberCharacters);
            var number = digits < 0 ? rest : rest[..digits];
            if (number.IsEmpty || number.Count('.') > 1 || number is "." || number.Length > 24)
            {
                fault = Wanted;
                return false;
            }
            if (digits < 0)
            {
                fault = text.Length <= 24
                    ? $"has no unit; write {text}s for seconds or {text}ms for milliseconds"
                    : "has no unit at its end";
                return false;
            }
            rest = rest[digits..];
            var end = rest.IndexOfAny(NumberCharacters);
            var unit = end < 0 ? rest : rest[..end];
            rest = end < 0 ? [] : rest[end..];
            long scale = unit switch
            {
                "h" => 3600 * Second,
                "m" => 60 * Second,
                "s" => Second,
                "ms" => Millisecond,
                "us" or "µs" or "μs" => Microsecond,
                "ns" => 1,
                _ => 0,
            };
            if (scale == 0)
            {
                fault = unit.Length <= 8 && !unit.ContainsAnyExcept(UnitCharacters)
                    ? $"has the unknown unit \"{unit}\"; units are h, m, s, ms, us and ns"
                    : Wanted;
                return false;
            }
            total += decimal.Parse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) * scale;
            if (total > long.MaxValue)
            {
                fault = "is too large; the largest duration is about 292 years";
                return false;
            }
        }
        var nanoseconds = (long)decimal.Truncate(total);
        duration = new GoDuration(negative ? -nanoseconds : nanoseconds);
        fault = null;
        return true;
    }

    /// <summary>Returns the text that Go would print: <c>1m30s</c>, <c>1.5s</c>, <c>100ms</c>, <c>0s</c>.</summary>
    public override string ToString()
    {
        if (Nanoseconds == 0)
            return "0s";
        var text = new StringBuilder();
        var rest = (ulong)Math.Abs((decimal)Nanoseconds);
        if (Nanoseconds < 0)
            text.Append('-');
        if (rest < Second)
        {
            var (scale, unit) = rest < Microsecond ? (1UL, "ns") : rest < Millisecond ? ((ulong)Microsecond, "µs") : (Millisecond, "ms");
            return text.Append(CultureInfo.InvariantCulture, $"{(decimal)rest / scale:0.######}{unit}").ToString();
        }
        var hours = rest / (3600UL * Second);
        var minutes = rest / (60UL * Second) % 60;
        if (hours > 0)
            text.Append(CultureInfo.InvariantCulture, $"{hours}h");
        if (hours > 0 || minutes > 0)
            text.Append(CultureInfo.InvariantCulture, $"{minutes}m");
        return text.Append(CultureInfo.InvariantCulture, $"{(decimal)(rest % (60UL * Second)) / Second:0.#########}s").ToString();
    }

    /// <inheritdoc/>
    public int CompareTo(GoDuration other) => Nanoseconds.CompareTo(other.Nanoseconds);

    public static bool operator <(GoDuration left, GoDuration right) => left.Nanoseconds < right.Nanoseconds;

    public static bool operator >(GoDuration left, GoDuration right) => left.Nanoseconds > right.Nanoseconds;

    public static bool operator <=(GoDuration left, GoDuration right) => left.Nanoseconds <= right.Nanoseconds;

    public static bool operator >=(GoDuration left, GoDuration right) => left.Nanoseconds >= right.Nanoseconds;
}
