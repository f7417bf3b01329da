using System.Collections.Immutable;
using Turnpike.Hosting.Watch;

namespace Turnpike.Discovery;

/// <summary>
/// Watches the Secrets that Ingresses name for the certificates of an authority: each by its name, and as long as one does, so that no other Secret is ever
/// read. One caller at a time.
/// </summary>
/// <param name="watch">Makes an informer for the Secret of a namespace and name, which keeps the store up to date.</param>
/// <param name="forget">Takes such a Secret out of the store.</param>
/// <param name="changed">Called when one has been looked for, whether it is there or not.</param>
internal sealed class NamedSecrets(Func<string, string, Informer<WatchedObject>> watch, Action<string, string> forget, Action changed, TimeProvider clock)
{
    /// <summary>How long a table waits for Secrets that are named for the first time, before it is made without them.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, Watched> _watched = new(StringComparer.Ordinal);

    /// <summary><c>namespace/name</c> of those that have been looked for.</summary>
    public ImmutableHashSet<string> LookedFor => [.. _watched.Where(w => w.Value.Informer.Synced.IsCompletedSuccessfully).Select(w => w.Key)];

    /// <summary>Watches these and no others; true where that is news.</summary>
    public async Task<bool> FollowAsync(ImmutableHashSet<string> wanted, CancellationToken ct)
    {
        var gone = _watched.Keys.Where(name => !wanted.Contains(name)).ToList();
        foreach (var name in gone)
        {
            var watched = _watched[name];
            await watched.End.CancelAsync();
            await watched.Running;
            watched.End.Dispose();
            _watched.Remove(name);
            var (ns, secret) = Split(name);
            forget(ns, secret);
        }
        var begun = wanted.Where(name => !_watched.ContainsKey(name)).ToList();
        foreach (var name in begun)
        {
            var (ns, secret) = Split(name);
            var informer = watch(ns, secret);
            var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
            _watched.Add(name, new Watched(informer, end, Task.Run(() => informer.RunAsync(end.Token), CancellationToken.None)));
            _ = TellAsync(informer);
        }
        if (begun.Count > 0)
            await Task.WhenAll(begun.Select(name => _watched[name].Informer.Synced)).WaitAsync(Patience, clock, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ct.ThrowIfCancellationRequested();
        return gone.Count > 0 || begun.Count > 0;
    }

    /// <summary>One that is not there tells of no change, and still it is known now.</summary>
    private async Task TellAsync(Informer<WatchedObject> informer)
    {
        await informer.Synced;
        changed();
    }

    private static (string Namespace, string Name) Split(string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        return (name[..slash], name[(slash + 1)..]);
    }

    private sealed record Watched(Informer<WatchedObject> Informer, CancellationTokenSource End, Task Running);
}
