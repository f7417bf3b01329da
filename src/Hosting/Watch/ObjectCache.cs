using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Watch;

/// <summary>
/// The current objects of one kind. Reads take no lock and are safe from any thread. The objects are shared and must not be changed.
/// </summary>
public sealed class ObjectCache<T>
    where T : class
{
    private readonly ConcurrentDictionary<NamespacedName, Entry> _entries = new();

    public int Count => _entries.Count;

    public T? Get(NamespacedName key) => _entries.TryGetValue(key, out var entry) ? entry.Object : null;

    public bool TryGet(NamespacedName key, [NotNullWhen(true)] out T? found) => (found = Get(key)) is not null;

    /// <summary>Returns all objects, in no particular order.</summary>
    public IReadOnlyList<T> List()
    {
        var all = new List<T>(_entries.Count);
        foreach (var entry in _entries)
            all.Add(entry.Value.Object);
        return all;
    }

    internal IEnumerable<KeyValuePair<NamespacedName, Entry>> Entries => _entries;

    internal Entry? Find(NamespacedName key) => _entries.GetValueOrDefault(key);

    internal void Set(NamespacedName key, Entry entry) => _entries[key] = entry;

    internal bool Remove(NamespacedName key, [NotNullWhen(true)] out Entry? removed) => _entries.TryRemove(key, out removed);

    internal sealed record Entry(T Object, string Uid, string ResourceVersion);
}
