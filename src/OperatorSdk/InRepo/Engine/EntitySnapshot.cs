using System.Text.Json;
using Turnpike.Hosting.Client;
using k8s;
using k8s.Models;

namespace Turnpike.OperatorSdk.Engine;

/// <summary>An entity as it was received. Controllers may change what they are given, so each call gets an entity of its own.</summary>
internal sealed class EntitySnapshot<TEntity>(string json, long? generation, bool isDeleting)
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    /// <summary>Entities that nobody can decode fail when they are reconciled, not here: their controller's log is the place to say so.</summary>
    public static EntitySnapshot<TEntity> Read(JsonElement item)
    {
        var metadata = item.Child("metadata");
        var generation = metadata?.Child("generation") is { ValueKind: JsonValueKind.Number } number ? number.GetInt64() : (long?)null;
        return new(item.GetRawText(), generation, metadata?.Child("deletionTimestamp") is not null);
    }

    public TEntity Open() => KubernetesJson.Deserialize<TEntity>(json);

    /// <summary>Whether something changed that asks for work: not, where the server counts generations, a mere status.</summary>
    public bool DiffersFrom(EntitySnapshot<TEntity> older) =>
        Generation is null || Generation != older.Generation || IsDeleting != older.IsDeleting;

    private long? Generation => generation;

    private bool IsDeleting => isDeleting;
}
