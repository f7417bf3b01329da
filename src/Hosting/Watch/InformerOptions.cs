using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Watch;

/// <summary>What an informer looks at, and how patient it is.</summary>
public sealed record InformerOptions
{
    public ResourceQuery Query { get; init; } = ResourceQuery.All;

    /// <summary>The server is asked to end a watch after this long, up to twice as long: all at once would be a stampede.</summary>
    public TimeSpan WatchTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A watch that the server has not ended this long after its time is dead.</summary>
    public TimeSpan WatchGrace { get; init; } = TimeSpan.FromSeconds(30);

    public TimeSpan BackoffMin { get; init; } = TimeSpan.FromMilliseconds(800);

    public TimeSpan BackoffMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Numbers from 0 to 1 for jitter.</summary>
    public Func<double> Jitter { get; init; } = Random.Shared.NextDouble;
}
