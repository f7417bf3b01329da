using System.Collections.Frozen;
using System.Text;

namespace Turnpike.Routing;

/// <summary>
/// Finds the value for a host name. A pattern is a host name, <c>*.x</c> for exactly one label before <c>x</c>, <c>**.x</c> for one label
/// or more before <c>x</c>, or <c>*</c> for every host. The name itself goes first; then the pattern with the longest <c>x</c>, of two with
/// the same <c>x</c> the one for a single label; then <c>*</c>. Names compare without regard to case. Looking up allocates nothing.
/// </summary>
internal sealed class HostIndex<T>
    where T : class
{
    // No DNS name is longer. A client may send a longer text, which then matches the pattern for every host only.
    private const int MaxName = 255;

    private const string OneLabel = "*.";
    private const string AnyLabels = "**.";

    private readonly FrozenDictionary<byte[], T>.AlternateLookup<ReadOnlySpan<byte>> _exact;
    private readonly FrozenDictionary<byte[], T>.AlternateLookup<ReadOnlySpan<byte>> _oneLabel;
    private readonly FrozenDictionary<byte[], T>.AlternateLookup<ReadOnlySpan<byte>> _anyLabels;
    private readonly bool _hasAnyLabels;
    private readonly T? _any;

    /// <param name="values">The patterns with their values. Of two equal patterns the first counts.</param>
    public HostIndex(IEnumerable<(string Pattern, T Value)> values)
    {
        var exact = new Dictionary<byte[], T>(Utf8Comparer.Instance);
        var oneLabel = new Dictionary<byte[], T>(Utf8Comparer.Instance);
        var anyLabels = new Dictionary<byte[], T>(Utf8Comparer.Instance);
        foreach (var (pattern, value) in values)
        {
            if (pattern == "*")
                _any ??= value;
            else if (pattern.StartsWith(AnyLabels, StringComparison.Ordinal))
                anyLabels.TryAdd(Key(pattern[AnyLabels.Length..]), value);
            else if (pattern.StartsWith(OneLabel, StringComparison.Ordinal))
                oneLabel.TryAdd(Key(pattern[OneLabel.Length..]), value);
            else
                exact.TryAdd(Key(pattern), value);
        }
        _exact = Frozen(exact);
        _oneLabel = Frozen(oneLabel);
        _anyLabels = Frozen(anyLabels);
        _hasAnyLabels = anyLabels.Count > 0;
    }

    /// <summary>Returns the value for a host, or null.</summary>
    /// <param name="host">A name in any case, without a port.</param>
    public T? Find(ReadOnlySpan<byte> host)
    {
        Span<byte> name = stackalloc byte[MaxName];
        if (host.Length > MaxName || Ascii.ToLower(host, name, out var length) != System.Buffers.OperationStatus.Done)
            return _any;
        name = name[..length];
        if (_exact.TryGetValue(name, out var found))
            return found;
        // A name that starts with a dot has an empty first label, which no wildcard stands for.
        var dot = name.IndexOf((byte)'.');
        if (dot <= 0)
            return _any;
        var parent = name[(dot + 1)..];
        if (_oneLabel.TryGetValue(parent, out found))
            return found;
        while (_hasAnyLabels)
        {
            if (_anyLabels.TryGetValue(parent, out found))
                return found;
            if (parent.IndexOf((byte)'.') is not (>= 0 and var next))
                break;
            parent = parent[(next + 1)..];
        }
        return _any;
    }

    private static byte[] Key(string name) => Encoding.UTF8.GetBytes(name.ToLowerInvariant());

    private static FrozenDictionary<byte[], T>.AlternateLookup<ReadOnlySpan<byte>> Frozen(Dictionary<byte[], T> values) =>
        values.ToFrozenDictionary(Utf8Comparer.Instance).GetAlternateLookup<ReadOnlySpan<byte>>();
}
