using System.Collections.Immutable;
using System.Text.Json;
using Turnpike.Api;
using Turnpike.Compiler;
using Turnpike.Hosting.Client;
using Turnpike.Reading;

namespace Turnpike.Discovery;

/// <summary>The cluster as it was at one moment.</summary>
/// <param name="Diagnostics">The diagnostics about single objects.</param>
/// <param name="Unreadable">The kinds that the caller may not list or that the API server does not know. They count as empty.</param>
public sealed record ClusterReading(ClusterSnapshot Snapshot, ImmutableArray<Diagnostic> Diagnostics, ImmutableArray<string> Unreadable);

/// <summary>Reads once all objects that the control plane watches, for commands that do not watch the cluster.</summary>
public sealed class ClusterReader(KubeApi api, Profile profile)
{
    /// <exception cref="KubeStatusException">
    /// A request to the API server failed. A kind that is missing or forbidden is no failure.
    /// </exception>
    public async Task<ClusterReading> ReadAsync(CancellationToken ct)
    {
        var slices = await api.ServesAsync(KnownResources.EndpointSlices, ct);
        var lists = await Task.WhenAll(WatchedKinds.Of(slices, profile).Select(kind => ListAsync(kind.Resource, kind.Query, ct)));
        var store = new ObjectStore(profile);
        foreach (var (resource, objects) in lists)
        {
            foreach (var read in objects ?? [])
                store.Put(new ObjectKey(resource.Kind, read.Metadata.Namespace, read.Metadata.Name), read);
        }
        var named = BackendAuthorities.Named(store.Snapshot().Snapshot);
        var authorities = await Task.WhenAll(named.Select(name => AuthorityAsync(name, ct)));
        foreach (var read in authorities.SelectMany(a => a ?? []))
            store.Put(new ObjectKey(Kinds.AuthoritySecret, read.Metadata.Namespace, read.Metadata.Name), read);
        var (snapshot, diagnostics) = store.Snapshot();
        var unreadable = lists.Where(l => l.Objects is null).Select(l => l.Resource.Plural)
            .Concat(authorities.Any(a => a is null) ? [KnownResources.Secrets.Plural] : []);
        return new ClusterReading(snapshot, diagnostics, [.. unreadable.Distinct()]);
    }

    private async Task<IReadOnlyList<ReadObject>?> AuthorityAsync(string name, CancellationToken ct)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        var query = ResourceQuery.Named(new(name[..slash], name[(slash + 1)..]));
        return (await ListAsync(KnownResources.Secrets, query, WatchedKinds.DecodeAuthority, ct)).Objects;
    }

    private Task<(ResourceRef Resource, IReadOnlyList<ReadObject>? Objects)> ListAsync(ResourceRef resource, ResourceQuery query, CancellationToken ct) =>
        ListAsync(resource, query, json => WatchedKinds.Decode(resource, json, profile), ct);

    /// <summary>Returns the objects of a kind; null when the API server does not know the kind or the caller may not list it.</summary>
    private async Task<(ResourceRef Resource, IReadOnlyList<ReadObject>? Objects)> ListAsync(
        ResourceRef resource, ResourceQuery query, Func<JsonElement, ReadObject> decode, CancellationToken ct)
    {
        try
        {
            return (resource, (await api.ListAsync(resource, query, decode, ct)).Items);
        }
        catch (KubeStatusException e) when (e.IsNotFound || e.Code == 403)
        {
            return (resource, null);
        }
    }
}
