using System.Collections.Frozen;
using System.Collections.Immutable;
using Turnpike.Discovery;
using Turnpike.Injector;
using Turnpike.Injector.Config;

namespace Turnpike.Webhooks;

/// <summary>
/// Which images of the proxy have been seen to run: those of pods that are ready now, and of the settings' images those that ever were.
/// The leader writes the latter down, so that neither a restart of the operator nor a cluster that begins anew forgets them.
/// </summary>
public sealed class ImageProofs(DiscoveryStates states, InjectionSettings settings)
{
    /// <summary>Images that are remembered: enough to go back to, and few whatever happens to the settings. The oldest go first.</summary>
    private const int Most = 16;

    private readonly Lock _gate = new();
    private ImmutableList<string> _remembered = [];
    private Running _running = new(null, []);

    /// <summary>What is written down, the newest last.</summary>
    public string Record => string.Join('\n', _remembered);

    /// <summary>Why pods that go by the settings wait; null where they do not.</summary>
    public string? Waiting => IsProven(settings.Config.ProxyImage) ? null : Injection.NotProven(settings.Config.ProxyImage);

    /// <summary>Whether a proxy of that image has been ready in this cluster.</summary>
    public bool IsProven(string image)
    {
        var name = ImageReference.Full(image);
        return RunningNow().Contains(name) || _remembered.Contains(name);
    }

    /// <summary>Takes in what a leader wrote down; lines that name no image are left out.</summary>
    public void Take(string? record)
    {
        foreach (var image in (record ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).TakeLast(Most))
        {
            if (InjectConfigReader.IsImage(image))
                Remember(ImageReference.Full(image));
        }
    }

    /// <summary>Looks whether the settings' image runs, and remembers that. Images of single pods are not remembered: any pod can name one.</summary>
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
