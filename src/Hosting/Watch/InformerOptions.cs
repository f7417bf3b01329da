using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Watch;

/// <summary>The objects that an informer watches, and its timeouts.</summary>
public sealed record InformerOptions
{
    public ResourceQuery Query { get; init; } = ResourceQuery.All;

    /// <summary>
    /// The time after which the API server is asked to end a watch. Each watch adds a random part of the same length, so that informers do
    /// not all reconnect together.
    /// </summary>
    public TimeSpan WatchTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The time after <see cref="WatchTimeout"/> at which a watch that the API server has not ended counts as broken.</summary>
    public TimeSpan WatchGrace { get; init; } = TimeSpan.FromSeconds(30);

    public TimeSpan BackoffMin { get; init; } = TimeSpan.FromMilliseconds(800);

    public TimeSpan BackoffMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Returns numbers from 0 to 1 for jitter.</summary>
    public Func<double> Jitter { get; init; } = Random.Shared.NextDouble;
}
