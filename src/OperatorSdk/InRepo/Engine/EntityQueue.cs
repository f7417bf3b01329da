using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using k8s;
using k8s.Models;
using Turnpike.Hosting.Api;
using Turnpike.Hosting.Reconcile;
using Turnpike.Hosting.Watch;

namespace Turnpike.OperatorSdk.Engine;

/// <summary>
/// What a controller has to look at. Deleted entities are remembered until somebody has dealt with them; a replica that does not lead
/// only for as long as it takes to notice that the leader is gone.
/// </summary>
[SuppressMessage("Naming", "CA1711", Justification = "It is one, though not a collection.")]
internal sealed class EntityQueue<TEntity> : IDisposable
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
    private readonly ConcurrentDictionary<ObjectKey, Deletion> _deleted = new();
    private readonly Informer<EntitySnapshot<TEntity>> _informer;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _memory;
    private int _working;

    public EntityQueue(Informer<EntitySnapshot<TEntity>> informer, TimeProvider clock, TimeSpan memory)
    {
        (_informer, _clock, _memory) = (informer, clock, memory);
        Keys = new(clock);
        informer.AddHandler(Note);
    }

    public WorkQueue<ObjectKey> Keys { get; }

    public Task Synced => _informer.Synced;

    /// <summary>Counts those who work on the queue: while there is one, no deletion is forgotten.</summary>
    public IDisposable Work() => new Worker(this);

    public EntitySnapshot<TEntity>? Current(ObjectKey key) => _informer.Cache.Get(key);

    public Deletion? FindDeletion(ObjectKey key) => _deleted.GetValueOrDefault(key);

    public void Settle(ObjectKey key, Deletion deletion) => _deleted.TryRemove(new(key, deletion));

    public void Dispose() => Keys.Dispose();

    private void Note(ObjectChange<EntitySnapshot<TEntity>> change)
    {
        if (change is { Old: { } old, New: { } changed } && !changed.DiffersFrom(old))
            return;
        if (change.New is null)
        {
            ForgetOld();
            _deleted[change.Key] = new(change.Old!, _clock.GetTimestamp());
        }

        Keys.Add(change.Key);
    }

    private void ForgetOld()
    {
        if (Volatile.Read(ref _working) > 0)
            return;
        foreach (var deletion in _deleted)
        {
            if (_clock.GetElapsedTime(deletion.Value.At) > _memory)
                _deleted.TryRemove(deletion);
        }
    }

    internal sealed record Deletion(EntitySnapshot<TEntity> Entity, long At);

    private sealed class Worker : IDisposable
    {
        private readonly EntityQueue<TEntity> _queue;

        public Worker(EntityQueue<TEntity> queue)
        {
            _queue = queue;
            Interlocked.Increment(ref queue._working);
        }

        public void Dispose() => Interlocked.Decrement(ref _queue._working);
    }
}
