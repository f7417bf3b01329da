using Google.Protobuf;
using Turnpike.Routing;

namespace Turnpike.Protocol;

/// <summary>Turns deltas of the table into messages of the stream, and back.</summary>
public static class WireResources
{
    /// <summary>Returns the message that carries a delta, in the format that this build writes.</summary>
    public static TableUpdate ToWire(TableDelta delta)
    {
        var update = new TableUpdate { FromVersion = delta.From, ToVersion = delta.To, Format = TableFormat.Current };
        foreach (var resource in delta.Changed)
        {
            update.Changed.Add(new Resource
            {
                Key = ToWire(resource.Key),
                Version = resource.Version,
                Body = UnsafeByteOperations.UnsafeWrap(resource.Body),
            });
        }
        foreach (var key in delta.Removed)
            update.Removed.Add(ToWire(key));
        return update;
    }

    /// <summary>Returns the delta that a message carries. The bodies of its resources are not read yet.</summary>
    /// <exception cref="FormatException">The update has a format or a kind of resource that this build does not read.</exception>
    public static TableDelta FromWire(TableUpdate update)
    {
        TableFormat.Require(update.Format);
        return new TableDelta(
            update.FromVersion,
            update.ToVersion,
            [.. update.Changed.Select(r => new TableResource(FromWire(r.Key), r.Version, r.Body.Memory))],
            [.. update.Removed.Select(FromWire)]);
    }

    public static ResourceKey ToWire(Routing.ResourceKey key) => new()
    {
        Kind = key.Kind switch
        {
            Routing.ResourceKind.Settings => ResourceKind.Settings,
            Routing.ResourceKind.Listener => ResourceKind.Listener,
            Routing.ResourceKind.VirtualHost => ResourceKind.VirtualHost,
            Routing.ResourceKind.Routes => ResourceKind.Routes,
            Routing.ResourceKind.Cluster => ResourceKind.Cluster,
            Routing.ResourceKind.Certificate => ResourceKind.Certificate,
            _ => throw new ArgumentOutOfRangeException(nameof(key), key.Kind, "resources of this kind have no wire form"),
        },
        Name = key.Name,
    };

    /// <exception cref="FormatException">The kind of resource is not one that this build knows.</exception>
    public static Routing.ResourceKey FromWire(ResourceKey? key) => new(
        key?.Kind switch
        {
            ResourceKind.Settings => Routing.ResourceKind.Settings,
            ResourceKind.Listener => Routing.ResourceKind.Listener,
            ResourceKind.VirtualHost => Routing.ResourceKind.VirtualHost,
            ResourceKind.Routes => Routing.ResourceKind.Routes,
            ResourceKind.Cluster => Routing.ResourceKind.Cluster,
            ResourceKind.Certificate => Routing.ResourceKind.Certificate,
            null => throw new FormatException("a resource has no key"),
            { } other => throw new FormatException($"resources of kind {other} are not known here"),
        },
        key!.Name);
}
