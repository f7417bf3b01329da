using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using k8s;
using k8s.Models;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Reconcile;
using Turnpike.Hosting.Watch;

namespace Turnpike.OperatorSdk.Engine;

/// <summary>The keys that a controller has to reconcile. Deleted entities are remembered until the controller has handled them.</summary>
[SuppressMessage("Naming", "CA1711", Justification = "It is a queue, although it is not a collection.")]
internal sealed class EntityQueue<TEntity> : IDisposable
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    private readonly ConcurrentDictionary<NamespacedName, EntitySnapshot<TEntity>> _deleted = new();
    private readonly Informer<EntitySnapshot<TEntity>> _informer;

    public EntityQueue(Informer<EntitySnapshot<TEntity>> informer, TimeProvider clock)
    {
        _informer = informer;
        Keys = new(clock);
        informer.AddHandler(Note);
    }

    public WorkQueue<NamespacedName> Keys { get; }

    public Task Synced => _informer.Synced;

    public EntitySnapshot<TEntity>? Current(NamespacedName key) => _informer.Cache.Get(key);

    public EntitySnapshot<TEntity>? FindDeleted(NamespacedName key) => _deleted.GetValueOrDefault(key);

    /// <summary>Forgets a deleted entity, after the controller has handled it.</summary>
    public void Settle(NamespacedName key, EntitySnapshot<TEntity> deleted) => _deleted.TryRemove(new(key, deleted));

    public void Dispose() => Keys.Dispose();

    private void Note(ObjectChange<EntitySnapshot<TEntity>> change)
    {
        if (change is { Old: { } old, New: { } changed } && !changed.DiffersFrom(old))
            return;
        if (change.New is null)
            _deleted[change.Key] = change.Old!;
        Keys.Add(change.Key);
    }
}
