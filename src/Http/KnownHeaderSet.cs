using System.Collections;
using System.Runtime.CompilerServices;

namespace Turnpike.Http;

/// <summary>A set of header names that have numbers. Asking it is one look at an array.</summary>
[CollectionBuilder(typeof(KnownHeaderSet), nameof(Of))]
public sealed class KnownHeaderSet : IEnumerable<KnownHeader>
{
    private readonly bool[] _members = new bool[byte.MaxValue + 1];

    /// <summary>Makes a set.</summary>
    /// <exception cref="ArgumentException">A member is <see cref="KnownHeader.None"/>: its name needs a number first.</exception>
    public static KnownHeaderSet Of(ReadOnlySpan<KnownHeader> members)
    {
        var set = new KnownHeaderSet();
        foreach (var member in members)
        {
            if (member == KnownHeader.None)
                throw new ArgumentException("a name without a number is in no set");
            set._members[(int)member] = true;
        }
        return set;
    }

    public bool Contains(KnownHeader header) => _members[(int)header];

    /// <inheritdoc/>
    public IEnumerator<KnownHeader> GetEnumerator() =>
        Enumerable.Range(0, _members.Length).Where(i => _members[i]).Select(i => (KnownHeader)i).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
