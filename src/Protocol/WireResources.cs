using Google.Protobuf;
using Turnpike.Routing;

namespace Turnpike.Protocol;

/// <summary>Between the deltas of the table and the messages of the stream.</summary>
public static class WireResources
{
    public static TableUpdate ToWire(TableDelta delta)
    {
        var update = new TableUpdate { FromVersion = delta.From, ToVersion = delta.To };
        foreach (var resource in delta.Changed)
            update.Changed.Add(new Resource { Key = ToWire(resource.Key), Version = resource.Version, Body = UnsafeByteOperations.UnsafeWrap(resource.Body) });
        foreach (var key in delta.Removed)
            update.Removed.Add(ToWire(key));
        return update;
    }

    /// <exception cref="FormatException">The update names a kind of resource that this build does not know.</exception>
    public static TableDelta FromWire(TableUpdate update) => new(
        update.FromVersion,
        update.ToVersion,
        [.. update.Changed.Select(r => new TableResource(FromWire(r.Key), r.Version, r.Body.Memory))],
        [.. update.Removed.Select(FromWire)]);

    public static ResourceKey ToWire(Routing.ResourceKey key) => new() { Kind = (ResourceKind)((int)key.Kind + 1), Name = key.Name };

    /// <exception cref="FormatException">The kind of resource is not one that this build knows.</exception>
    public static Routing.ResourceKey FromWire(ResourceKey? key) =>
        key is null ? throw new FormatException("a resource has no key")
        : key.Kind is >= ResourceKind.Settings and <= ResourceKind.Routes
            ? new((Routing.ResourceKind)((int)key.Kind - 1), key.Name)
            : throw new FormatException($"resources of kind {key.Kind} are not known here");
}
