namespace Turnpike.Routing;

/// <summary>Texts by the prefixes that they are of others: a binary search finds the longest that a path starts with, the rest are its parents.</summary>
public sealed class PrefixIndex
{
    private readonly string[] _texts;
    private readonly int[] _parents;

    /// <param name="texts">Duplicates count once.</param>
    public PrefixIndex(IEnumerable<string> texts)
    {
        _texts = [.. texts.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        _parents = new int[_texts.Length];
        var open = new Stack<int>();
        for (var i = 0; i < _texts.Length; i++)
        {
            while (open.TryPeek(out var top) && !_texts[i].StartsWith(_texts[top], StringComparison.Ordinal))
                open.Pop();
            _parents[i] = open.TryPeek(out var parent) ? parent : -1;
            open.Push(i);
        }
    }

    /// <summary>The texts in ordinal order, so that each stands behind its parents.</summary>
    public ReadOnlySpan<string> Texts => _texts;

    /// <summary>The longest other text that the one at <paramref name="index"/> starts with, or -1.</summary>
    public int Parent(int index) => _parents[index];

    /// <summary>The longest text that <paramref name="path"/> starts with, or -1. The other ones are its parents.</summary>
    public int Longest(ReadOnlySpan<char> path)
    {
        // The greatest text that sorts at or before the path; every prefix of the path is that one or among its parents.
        int low = 0, high = _texts.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (_texts[middle].AsSpan().SequenceCompareTo(path) <= 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        var found = high;
        while (found >= 0 && !path.StartsWith(_texts[found], StringComparison.Ordinal))
            found = _parents[found];
        return found;
    }
}
