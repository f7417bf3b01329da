using System.Collections.Immutable;
using Turnpike.Hosting.Watch;

namespace Turnpike.Discovery;

/// <summary>
/// Watches the Secrets that Ingresses name for the certificates of an authority. Each Secret is watched by its name and only while an
/// Ingress names it, so that no other Secret is read. Not safe for concurrent calls.
/// </summary>
/// <param name="watch">Makes an informer for the Secret of a namespace and name. The informer keeps the store up to date.</param>
/// <param name="forget">Removes the Secret of a namespace and name from the store.</param>
/// <param name="changed">Called when a Secret has been looked up, whether it exists or not.</param>
internal sealed class NamedSecrets(Func<string, string, Informer<WatchedObject>> watch, Action<string, string> forget, Action changed, TimeProvider clock)
{
    /// <summary>
    /// The longest time that a compilation waits for Secrets that are named for the first time. After it the table is made without them.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, Watched> _watched = new(StringComparer.Ordinal);

    /// <summary>The <c>namespace/name</c> of each Secret that has been looked up.</summary>
    public ImmutableHashSet<string> LookedFor => [.. _watched.Where(w => w.Value.Informer.Synced.IsCompletedSuccessfully).Select(w => w.Key)];

    /// <summary>Watches exactly these Secrets. Returns true when one was added or removed.</summary>
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

    /// <summary>
    /// Calls <c>changed</c> once the informer has synced. A Secret that does not exist raises no change, but its absence is known from then
    /// on.
    /// </summary>
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
