using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Installation;

/// <summary>The effect of applying an object.</summary>
internal enum ApplyOutcome
{
    Created,
    Configured,
    Unchanged,
}

/// <summary>
/// Applies objects like kubectl, so that an installation may be continued with either of the two: by server-side apply under kubectl's
/// field
/// manager, with the annotation that kubectl's client-side apply compares with (docs/decisions/0036-install.md).
/// </summary>
/// <param name="api">The cluster.</param>
/// <param name="kubernetes">The version of the cluster.</param>
internal sealed class ManifestApply(KubeApi api, Version kubernetes)
{
    // Older versions drop these rules when an object is created, and refuse an apply with a field that they do not know.
    private const string CelRules = "x-kubernetes-validations";
    private static readonly Version FirstWithCelRules = new(1, 23);

    private const string Manager = "kubectl";
    private const int Attempts = 5;

    // These fields change with every write.
    private static readonly string[] Bookkeeping = ["managedFields", "resourceVersion", "generation"];

    public async Task<ApplyOutcome> ApplyAsync(ClusterObject item, bool dryRun, CancellationToken ct)
    {
        var live = await api.FindAsync(item.Resource, item.Key, ct);
        if (live is { } found && !dryRun)
            live = await AdoptAsync(item, found, ct);
        var options = new WriteOptions { FieldManager = Manager, Force = true, DryRun = dryRun };
        var stored = await api.PatchAsync(item.Resource, item.Key, PatchKind.Apply, Body(item.Body), options, ct);
        return live is null ? ApplyOutcome.Created : IsSame(live.Value, stored) ? ApplyOutcome.Unchanged : ApplyOutcome.Configured;
    }

    /// <summary>
    /// Takes over the fields that kubectl's client-side apply wrote. Then a field that a newer file no longer has is removed, as with
    /// kubectl, and fields
    /// of others stay.
    /// </summary>
    private async Task<JsonElement> AdoptAsync(ClusterObject item, JsonElement live, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (FieldOwnership.Adopt(live, Manager, item.Resource.ApiVersion) is not { } fields)
                return live;
            var patch = new JsonArray(
                new JsonObject { ["op"] = "replace", ["path"] = "/metadata/managedFields", ["value"] = fields },
                // The test on the version makes the patch fail if somebody wrote the object meanwhile.
                new JsonObject { ["op"] = "replace", ["path"] = "/metadata/resourceVersion", ["value"] = live.ResourceVersion() });
            try
            {
                return await api.PatchAsync(item.Resource, item.Key, PatchKind.Json, patch, WriteOptions.Default, ct);
            }
            catch (KubeStatusException e) when (e.IsConflict && attempt < Attempts)
            {
                live = await api.GetAsync(item.Resource, item.Key, ct);
            }
        }
    }

    private JsonObject Body(JsonObject item)
    {
        var body = (JsonObject)item.DeepClone();
        if (kubernetes < FirstWithCelRules)
            RemoveCelRules(body);
        var metadata = body["metadata"]!.AsObject();
        var annotations = metadata["annotations"] as JsonObject;
        if (annotations is null)
            metadata["annotations"] = annotations = [];
        annotations[LastApplied.Annotation] = LastApplied.Text(item);
        return body;
    }

    private static void RemoveCelRules(JsonNode? node)
    {
        if (node is JsonObject members)
        {
            members.Remove(CelRules);
            foreach (var (_, value) in members)
                RemoveCelRules(value);
        }
        else if (node is JsonArray items)
        {
            foreach (var item in items)
                RemoveCelRules(item);
        }
    }

    private static bool IsSame(JsonElement before, JsonElement after) => JsonNode.DeepEquals(Content(before), Content(after));

    private static JsonObject Content(JsonElement item)
    {
        var content = JsonObject.Create(item.Clone())!;
        content.Remove("status");
        if (content["metadata"] is JsonObject metadata)
        {
            foreach (var name in Bookkeeping)
                metadata.Remove(name);
        }
        return content;
    }
}
