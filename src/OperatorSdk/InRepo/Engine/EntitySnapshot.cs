using System.Text.Json;
using k8s;
using k8s.Models;
using Turnpike.Hosting.Client;

namespace Turnpike.OperatorSdk.Engine;

/// <summary>An entity as it was received. Controllers may change what they get, so each call gets its own copy.</summary>
internal sealed class EntitySnapshot<TEntity>(string json, long? generation, bool isDeleting)
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    /// <summary>
    /// Keeps the JSON without decoding it. An entity that cannot be decoded fails in its reconcile, so that the error is in the
    /// controller's log.
    /// </summary>
    public static EntitySnapshot<TEntity> Read(JsonElement item)
    {
        var metadata = item.Child("metadata");
        var generation = metadata?.Child("generation") is { ValueKind: JsonValueKind.Number } number ? number.GetInt64() : (long?)null;
        return new(item.GetRawText(), generation, metadata?.Child("deletionTimestamp") is not null);
    }

    public TEntity Open() => KubernetesJson.Deserialize<TEntity>(json);

    /// <summary>Returns whether the change needs a reconcile. For kinds with generations, a change of the status alone does not.</summary>
    public bool DiffersFrom(EntitySnapshot<TEntity> older) =>
        Generation is null || Generation != older.Generation || IsDeleting != older.IsDeleting;

    private long? Generation => generation;

    private bool IsDeleting => isDeleting;
}
