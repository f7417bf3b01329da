using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Watch;

namespace Turnpike.Cli.Cluster.Listing;

/// <summary>Lists and watches the objects of one kind.</summary>
internal sealed class ObjectListing(ClusterAccess cluster, ResourceRef resource)
{
    /// <summary>The name of one object; null for all.</summary>
    public string? Name { get; init; }

    /// <summary>Whether to list every namespace instead of that of the command line.</summary>
    public bool Everywhere { get; init; }

    public string? Selector { get; init; }

    /// <summary>Whether the command succeeds if there is no object of that name.</summary>
    public bool MissingIsNoFailure { get; init; }

    private ResourceQuery Query => new()
    {
        Namespace = Everywhere ? null : cluster.Namespace,
        LabelSelector = Selector,
        FieldSelector = Name is null ? null : $"metadata.name={Name}",
    };

    /// <exception cref="CommandException">The cluster refuses to list the objects, or has none of that name.</exception>
    public Task<IReadOnlyList<JsonObject>> FindAsync(CancellationToken ct) => cluster.RunAsync<IReadOnlyList<JsonObject>>(async api =>
    {
        if (Name is null)
            return (await api.ListAsync(resource, Query, Typed, ct)).Items;
        ClusterAccess.CheckName(resource.Kind, Name);
        if (await api.FindAsync(resource, new NamespacedName(cluster.Namespace, Name), ct) is { } found)
            return [Typed(found)];
        if (!await api.ServesAsync(resource, ct))
            throw new CommandException($"the cluster does not serve kind {resource.Kind}");
        return MissingIsNoFailure
            ? []
            : throw new CommandException($"{resource} \"{Name}\" not found in namespace {cluster.Namespace}");
    });

    /// <summary>Prints the objects and every change to them until <paramref name="ct"/> is canceled.</summary>
    public Task WatchAsync(ObjectPrinter printer, TextWriter output, TextWriter notes, CancellationToken ct) => cluster.RunAsync(async api =>
    {
        var informer = new Informer<JsonObject>(
            api, resource, Typed, new InformerOptions { Query = Query }, new NotesLogger<Informer<JsonObject>>(notes), cluster.Clock);
        informer.AddHandler(change =>
        {
            output.Write(printer.Print(change));
            output.Flush();
        });
        await informer.RunAsync(ct);
    });

    /// <summary>Adds apiVersion and kind, which the items of a list do not have.</summary>
    private JsonObject Typed(JsonElement item)
    {
        var members = JsonObject.Create(item.Clone())!;
        var typed = new JsonObject { ["apiVersion"] = resource.ApiVersion, ["kind"] = resource.Kind };
        foreach (var (name, value) in members.Where(member => member.Key is not ("apiVersion" or "kind")))
            typed[name] = value?.DeepClone();
        return typed;
    }
}
