using System.Text;

namespace Turnpike.Primitives;

/// <summary>
/// The classes of characters that an expression tells apart. All characters of one class lead to the same steps everywhere.
/// </summary>
internal sealed class CharClasses
{
    /// <summary>The most classes that an expression may have. The number of a class fits into a byte.</summary>
    public const int Max = 256;

    private readonly int[] _starts;
    private readonly byte[] _ascii = new byte[128];
    private readonly byte _notUtf8;

    public CharClasses(IEnumerable<CharSet> sets)
    {
        _starts = Starts(sets);
        for (var c = 0; c < _ascii.Length; c++)
            _ascii[c] = Search(c);
        _notUtf8 = Search(CharSet.NotUtf8);
    }

    public int Count => _starts.Length;

    /// <summary>The class of the first character of <paramref name="utf8"/>, which is not empty.</summary>
    /// <param name="utf8">Bytes that begin with a character. What is not UTF-8 there counts as one character.</param>
    /// <param name="length">The number of bytes that the character takes, at least one.</param>
    public byte OfFirst(ReadOnlySpan<byte> utf8, out int length)
    {
        var first = utf8[0];
        if (first < 128)
        {
            length = 1;
            return _ascii[first];
        }
        return Rune.DecodeFromUtf8(utf8, out var rune, out length) == System.Buffers.OperationStatus.Done ? Search(rune.Value) : _notUtf8;
    }

    /// <summary>A character of the class.</summary>
    public int Example(int index) => _starts[index];

    public static int CountOf(RegexNode root) => Starts(SetsOf(root)).Length;

    private static int[] Starts(IEnumerable<CharSet> sets)
    {
        var starts = new SortedSet<int> { 0 };
        foreach (var (from, to) in sets.Distinct().SelectMany(s => s.Ranges))
        {
            starts.Add(from);
            if (to < CharSet.NotUtf8)
                starts.Add(to + 1);
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

    private byte Search(int c)
    {
        var found = Array.BinarySearch(_starts, c);
        return (byte)(found >= 0 ? found : ~found - 1);
    }
}
