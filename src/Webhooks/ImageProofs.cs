using System.Collections.Frozen;
using System.Collections.Immutable;
using Turnpike.Discovery;
using Turnpike.Injector;
using Turnpike.Injector.Config;

namespace Turnpike.Webhooks;

/// <summary>
/// The proxy images that are proven to run: those of pods that are ready now, and those of the settings that have been ready at any time.
/// The leader records the latter, so that they are still known after a restart of the operator or the whole cluster.
/// </summary>
public sealed class ImageProofs(DiscoveryStates states, InjectionSettings settings)
{
    /// <summary>
    /// The most images that are remembered: enough for a rollback, and a bound on changes of the settings. The oldest go first.
    /// </summary>
    private const int Most = 16;

    private readonly Lock _gate = new();
    private ImmutableList<string> _remembered = [];
    private Running _running = new(null, []);

    /// <summary>The record of remembered images, the newest last.</summary>
    public string Record => string.Join('\n', _remembered);

    /// <summary>Why pods with the image of the settings get no sidecar yet; null when they do.</summary>
    public string? Waiting => IsProven(settings.Config.ProxyImage) ? null : Injection.NotProven(settings.Config.ProxyImage);

    /// <summary>Returns whether a proxy of that image has been ready in this cluster.</summary>
    public bool IsProven(string image)
    {
        var name = ImageReference.Full(image);
        return RunningNow().Contains(name) || _remembered.Contains(name);
    }

    /// <summary>Adds the images of a leader's record. Lines that name no image are ignored.</summary>
    public void Add(string? record)
    {
        const StringSplitOptions Options = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        foreach (var image in (record ?? "").Split('\n', Options).TakeLast(Most))
        {
            if (InjectConfigReader.IsImage(image))
                Remember(ImageReference.Full(image));
        }
    }

    /// <summary>
    /// Remembers the image of the settings if it runs. Images that single pods ask for are not remembered, because any pod can name one.
    /// </summary>
    public void Observe()
    {
        var image = ImageReference.Full(settings.Config.ProxyImage);
        if (RunningNow().Contains(image))
            Remember(image);
    }

    private void Remember(string image)
    {
        lock (_gate)
        {
            if (_remembered.Contains(image))
                return;
            var all = _remembered.Add(image);
            _remembered = all.RemoveRange(0, Math.Max(0, all.Count - Most));
        }
    }

    private FrozenSet<string> RunningNow()
    {
        var state = states.Current;
        if (ReferenceEquals(_running.State, state))
            return _running.Images;
        var proxy = settings.Config.Profile.ProxyContainer;
        var images = (state?.Snapshot.Pods ?? [])
            .SelectMany(pod => pod.ReadyContainers)
            .Where(container => container.Name == proxy)
            .Select(container => ImageReference.Full(container.Image))
            .ToFrozenSet(StringComparer.Ordinal);
        _running = new Running(state, images);
        return images;
    }

    private sealed record Running(DiscoveryState? State, FrozenSet<string> Images);
}
