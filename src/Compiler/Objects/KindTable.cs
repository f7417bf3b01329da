using System.Collections.Immutable;
using Turnpike.Api.Core;
using Turnpike.Reading;

namespace Turnpike.Compiler;

/// <summary>An object in the store.</summary>
/// <param name="Value">The object that is used: that of the newest version, or of the last good one.</param>
/// <param name="Authority">For a Secret, the authority that is used, by the same rule.</param>
/// <param name="Read">The newest version.</param>
internal sealed record StoredObject(object? Value, AuthorityObject? Authority, ReadObject Read);

/// <summary>The objects of one kind in the order of their names. Arrays of them are made once for each change of the kind.</summary>
internal sealed class KindTable
{
    // The API server lists objects in the order of their names, so almost all of them are added at the end.
    private readonly SortedList<ObjectKey, StoredObject> _objects = [];

    /// <summary>The object that is used of each entry, in the same order. It saves a pass over all entries when one has changed.</summary>
    private readonly List<object?> _used = [];
    private object? _values;
    private ImmutableArray<ObjectMeta> _newest;

    /// <summary>Identifies the state of the table. It is another object after each change.</summary>
    public object State { get; private set; } = new();

    public IList<ObjectKey> Keys => _objects.Keys;

    public IList<StoredObject> Objects => _objects.Values;

    /// <summary>The newest version of every object, valid or not.</summary>
    public ImmutableArray<ObjectMeta> Newest => _newest.IsDefault ? _newest = [.. _objects.Values.Select(o => o.Read.Metadata)] : _newest;

    public StoredObject? Find(ObjectKey key) => _objects.GetValueOrDefault(key);

    public void Put(ObjectKey key, StoredObject value)
    {
        var at = _objects.IndexOfKey(key);
        if (at < 0)
        {
            _objects.Add(key, value);
            at = _objects.IndexOfKey(key);
            _used.Insert(at, value.Value);
        }
        else
        {
            _objects.SetValueAtIndex(at, value);
            _used[at] = value.Value;
        }
        Change();
    }

    public bool Remove(ObjectKey key)
    {
        var at = _objects.IndexOfKey(key);
        if (at < 0)
            return false;
        _objects.RemoveAt(at);
        _used.RemoveAt(at);
        Change();
        return true;
    }

    /// <summary>
    /// Returns the objects that are used: the same array as long as nothing changes. Each table is read with a single type.
    /// </summary>
    public ImmutableArray<T> Values<T>()
        where T : class
    {
        if (_values is ImmutableArray<T> known)
            return known;
        var values = ImmutableArray.CreateBuilder<T>(_used.Count);
        foreach (var used in _used)
        {
            if (used is T value)
                values.Add(value);
        }
        var array = values.DrainToImmutable();
        _values = array;
        return array;
    }

    private void Change() => (State, _values, _newest) = (new object(), null, default);
}
