using System.Collections.Immutable;
using System.Security.Cryptography;

namespace Turnpike.Routing;

/// <summary>
/// The resources of one kind, and of one listener if they are virtual hosts, in the order of their names. When a table has the same objects
/// as the one before, it also has the same group.
/// </summary>
internal sealed class ResourceGroup
{
    private readonly ImmutableArray<Part> _parts;

    private ResourceGroup(ResourceKind kind, string? listener, object source, ImmutableArray<Part> parts, byte[] hash) =>
        (Kind, Listener, Source, _parts, Hash) = (kind, listener, source, parts, hash);

    public ResourceKind Kind { get; }

    /// <summary>The name of the listener that virtual hosts belong to; null for other kinds.</summary>
    public string? Listener { get; }

    /// <summary>The object that holds the objects from which the resources were written.</summary>
    public object Source { get; }

    /// <summary>A hash over the names and versions of the resources.</summary>
    public ReadOnlyMemory<byte> Hash { get; }

    public int Count => _parts.Length;

    public IEnumerable<TableResource> Resources => _parts.Select(p => p.Resource);

    /// <summary>Writes the resources of a group. Those that are equal in the group before are taken from there.</summary>
    public static ResourceGroup Of<T>(Form<T> form, string? listener, object source, IReadOnlyList<T> values, ResourceGroup? before)
        where T : class
    {
        var parts = ImmutableArray.CreateBuilder<Part>(values.Count);
        var isSame = before is not null;
        var (known, at) = (before?._parts ?? [], 0);
        foreach (var value in values)
        {
            var name = form.NameOf(value);
            // One name stands for one resource: of several objects the last one counts.
            if (parts.Count > 0 && parts[^1].Name == name)
            {
                parts.RemoveAt(parts.Count - 1);
                isSame = false;
            }
            while (at < known.Length && string.CompareOrdinal(known[at].Name, name) < 0)
            {
                at++;
                isSame = false;
            }
            // The new object is remembered in any case, so that this table does not keep the objects of the one before alive.
            if (at < known.Length && known[at].Name == name && IsEqual(form, known[at].Value, value))
            {
                parts.Add(known[at] with { Value = value });
                at++;
                continue;
            }
            isSame = false;
            var key = new ResourceKey(form.Kind, listener is null ? name : ResourceKey.OfHost(listener, name).Name);
            var body = form.Write(value);
            parts.Add(new Part(name, new TableResource(key, TableResources.Text(SHA256.HashData(body)), body), value));
        }
        isSame &= at == known.Length;
        var all = parts.DrainToImmutable();
        return new ResourceGroup(form.Kind, listener, source, all, isSame ? before!.Hash.ToArray() : HashOf(all));
    }

    public TableResource? Find(string name)
    {
        var (low, high) = (0, _parts.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = string.CompareOrdinal(_parts[middle].Name, name);
            if (order == 0)
                return _parts[middle].Resource;
            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }
        return null;
    }

    /// <summary>Adds the changed and the removed resources between two groups of a kind. A group that does not exist is null.</summary>
    public static void Compare(
        ResourceGroup? known,
        ResourceGroup? now,
        ImmutableArray<TableResource>.Builder changed,
        ImmutableArray<ResourceKey>.Builder removed)
    {
        if (ReferenceEquals(known, now) || (known is not null && now is not null && known.Hash.Span.SequenceEqual(now.Hash.Span)))
            return;
        var (left, right) = (known?._parts ?? [], now?._parts ?? []);
        var (i, j) = (0, 0);
        while (i < left.Length || j < right.Length)
        {
            var order = i == left.Length ? 1 : j == right.Length ? -1 : string.CompareOrdinal(left[i].Name, right[j].Name);
            if (order < 0)
                removed.Add(left[i].Resource.Key);
            else if (order > 0 || left[i].Resource.Version != right[j].Resource.Version)
                changed.Add(right[j].Resource);
            i += order <= 0 ? 1 : 0;
            j += order >= 0 ? 1 : 0;
        }
    }

    private static bool IsEqual<T>(Form<T> form, object before, T now)
        where T : class => ReferenceEquals(before, now) || form.AreEqual((T)before, now);

    /// <summary>
    /// Returns a hash in which each text follows its length, so that no two different lists are hashed as the same bytes.
    /// </summary>
    private static byte[] HashOf(ImmutableArray<Part> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var buffer = new MemoryStream();
        using var writer = new BinaryWriter(buffer);
        foreach (var part in parts)
        {
            writer.Write(part.Name);
            writer.Write(part.Resource.Version);
            if (buffer.Length < 16 * 1024)
                continue;
            hash.AppendData(buffer.GetBuffer(), 0, (int)buffer.Length);
            buffer.SetLength(0);
        }
        hash.AppendData(buffer.GetBuffer(), 0, (int)buffer.Length);
        return hash.GetHashAndReset();
    }

    /// <summary>Defines the way in which the objects of a kind are named, compared and written.</summary>
    public sealed record Form<T>(ResourceKind Kind, Func<T, string> NameOf, Func<T, T, bool> AreEqual, Func<T, byte[]> Write);

    /// <param name="Name">The name within the group.</param>
    /// <param name="Resource">The resource.</param>
    /// <param name="Value">The object that the resource was written from.</param>
    private readonly record struct Part(string Name, TableResource Resource, object Value);
}
