using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Cli.Cluster.Status;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster;

/// <summary>Sends objects to the cluster one after another, and prints each result in the form of 2017.</summary>
internal sealed class ObjectChanges(ClusterAccess cluster, TextWriter output)
{
    private static readonly WriteOptions Ours = new() { FieldManager = Names.FieldManagerOfCli };

    /// <summary>
    /// Creates or replaces objects. The first RouteRule that is refused ends the command; those before it stay. The other objects come
    /// last, and all of
    /// them are tried.
    /// </summary>
    /// <returns>The objects that the cluster accepted.</returns>
    /// <exception cref="CommandException">The cluster refused an object.</exception>
    public async Task<IReadOnlyList<SentObject>> SendAsync(IReadOnlyList<ClusterObject> objects, ChangeVerb verb, CancellationToken ct)
    {
        var sent = new List<SentObject>();
        var failures = new List<CommandException>();
        foreach (var item in objects)
        {
            try
            {
                sent.Add(await SendAsync(item, verb, ct));
            }
            catch (CommandException e) when (!item.IsRouteRule)
            {
                failures.Add(e);
            }
        }
        return failures switch
        {
            [] => sent,
            [var only] => throw only,
            _ => throw new CommandException($"{failures.Count} objects could not be {verb.Participle}", [.. failures.SelectMany(e => e.Lines)]),
        };
    }

    /// <summary>Deletes all objects, even if some of them cannot be deleted.</summary>
    /// <exception cref="CommandException">An object could not be deleted.</exception>
    public async Task DeleteAsync(IEnumerable<ClusterObject> objects, CancellationToken ct) =>
        await DeleteAsync(objects.Select(item => (item.Resource, item.Key, Name: item.ToString(), Done: item.ToString())), ct);

    /// <summary>Deletes objects by name.</summary>
    /// <param name="resource">The kind.</param>
    /// <param name="type">The kind as the user typed it.</param>
    /// <param name="names">The names.</param>
    /// <param name="ct">Cancels the requests.</param>
    /// <exception cref="CommandException">An object could not be deleted.</exception>
    public Task DeleteAsync(ResourceRef resource, string type, IEnumerable<string> names, CancellationToken ct) =>
        DeleteAsync(names.Select(name => (resource, new NamespacedName(cluster.Namespace, name), name, $"{type} {name}")), ct);

    private async Task DeleteAsync(
        IEnumerable<(ResourceRef Resource, NamespacedName Key, string Name, string Done)> objects, CancellationToken ct)
    {
        var failures = new List<string>();
        foreach (var (resource, key, name, done) in objects)
        {
            if (await FailureAsync(resource, key, ct) is { } reason)
                failures.Add($"cannot delete {name}: {reason}");
            else
                await output.WriteLineAsync($"Deleted config: {done}");
        }
        if (failures is [var only])
            throw new CommandException(only);
        if (failures.Count > 0)
            throw new CommandException($"{failures.Count} objects could not be deleted", failures);
    }

    private async Task<string?> FailureAsync(ResourceRef resource, NamespacedName key, CancellationToken ct)
    {
        if (ObjectName.Fault(key.Name) is { } fault)
            return $"\"{key.Name}\" is not a name: {fault}";
        return await cluster.RunAsync(async api =>
        {
            try
            {
                if (await api.DeleteAsync(resource, key, uid: null, ct))
                    return null;
                return await api.ServesAsync(resource, ct)
                    ? $"{resource} \"{key.Name}\" not found in namespace {key.Namespace}"
                    : $"the cluster does not serve kind {resource.Kind}";
            }
            catch (KubeStatusException e)
            {
                return Refusal.Read(e).ToString();
            }
        });
    }

    private Task<SentObject> SendAsync(ClusterObject item, ChangeVerb verb, CancellationToken ct) => cluster.RunAsync(async api =>
    {
        var started = cluster.Clock.GetTimestamp();
        try
        {
            var stored = verb == ChangeVerb.Create
                ? await api.CreateAsync(item.Resource, item.Key.Namespace, item.Body, Ours, ct)
                : await api.ReplaceAsync(item.Resource, item.Key, await WithRevisionAsync(api, item, ct), Ours, ct);
            await output.WriteLineAsync(verb == ChangeVerb.Create
                ? $"Created config {item} at revision {stored.ResourceVersion()}"
                : $"Updated config {item} to revision {stored.ResourceVersion()}");
            var generation = stored.Child("metadata")?.Child("generation");
            return new SentObject(item, generation is { ValueKind: JsonValueKind.Number } number ? number.GetInt64() : 0, started);
        }
        catch (KubeStatusException e)
        {
            var refusal = Refusal.Read(e);
            if (refusal.IsOperatorAway)
            {
                var system = (await cluster.ProfileAsync(api, ct)).SystemNamespace;
                var replicas = await OperatorPart.ReplicasAsync(api, system, ct);
                refusal = refusal with { Message = $"{refusal.Message} ({replicas}); see: turnpike status" };
            }
            throw refusal.ToException($"cannot {verb.Name} {item}");
        }
    });

    /// <summary>Returns the object with a version: that which the user edited, otherwise the current one.</summary>
    private static async Task<JsonNode> WithRevisionAsync(KubeApi api, ClusterObject item, CancellationToken ct)
    {
        if (item.ResourceVersion.Length > 0)
            return item.Body;
        var current = await api.FindAsync(item.Resource, item.Key, ct)
            ?? throw new CommandException($"cannot replace {item}: revision is required, and there is no such object");
        var body = (JsonObject)item.Body.DeepClone();
        body["metadata"]!["resourceVersion"] = current.ResourceVersion();
        return body;
    }
}

/// <summary>An object that the cluster accepted.</summary>
/// <param name="Object">The object.</param>
/// <param name="Generation">The generation of its spec.</param>
/// <param name="SentAt">The timestamp at which it was sent.</param>
internal sealed record SentObject(ClusterObject Object, long Generation, long SentAt);
