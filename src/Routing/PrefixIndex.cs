using System.Text;

namespace Turnpike.Routing;

/// <summary>
/// An index of texts by prefix. The parent of a text is the longest other text that it starts with. A binary search finds the longest text
/// that a path starts with; the other texts that the path starts with are its parents.
/// </summary>
public sealed class PrefixIndex
{
    private readonly string[] _texts;
    private readonly byte[][] _utf8;
    private readonly int[] _parents;

    /// <param name="texts">The texts. Duplicates count once.</param>
    public PrefixIndex(IEnumerable<string> texts)
    {
        (_texts, _utf8) = Sorted([.. texts.Distinct(StringComparer.Ordinal)]);
        _parents = new int[_texts.Length];
        var open = new Stack<int>();
        for (var i = 0; i < _texts.Length; i++)
        {
            while (open.TryPeek(out var top) && !_utf8[i].AsSpan().StartsWith(_utf8[top]))
                open.Pop();
            _parents[i] = open.TryPeek(out var parent) ? parent : -1;
            open.Push(i);
        }
    }

    /// <summary>The texts in the order of their bytes, so that each stands behind its parents.</summary>
    public ReadOnlySpan<string> Texts => _texts;

    /// <summary>Returns the length in bytes of the text at <paramref name="index"/>.</summary>
    public int LengthOf(int index) => _utf8[index].Length;

    /// <summary>Returns the index of the longest other text that the one at <paramref name="index"/> starts with, or -1.</summary>
    public int Parent(int index) => _parents[index];

    /// <summary>
    /// Returns the index of the longest text that <paramref name="path"/> starts with, or -1. The others are its parents.
    /// </summary>
    public int Longest(ReadOnlySpan<byte> path)
    {
        // The search finds the greatest text that sorts at or before the path. Each prefix of the path is that text or among its parents.
        int low = 0, high = _utf8.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (_utf8[middle].AsSpan().SequenceCompareTo(path) <= 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        var found = high;
        while (found >= 0 && !path.StartsWith(_utf8[found]))
            found = _parents[found];
        return found;
    }

    private static (string[] Texts, byte[][] Utf8) Sorted(string[] texts)
    {
        var utf8 = Array.ConvertAll(texts, Encoding.UTF8.GetBytes);
        Array.Sort(utf8, texts, Comparer<byte[]>.Create(static (x, y) => x.AsSpan().SequenceCompareTo(y)));
        return (texts, utf8);
    }
}
