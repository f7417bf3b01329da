namespace Turnpike.Discovery;

/// <summary>What a proxy may ask of the control plane, and how long it may take.</summary>
public sealed record DiscoveryLimits
{
    /// <summary>Bytes of one message of a proxy. A hello names every resource of its table, some 80 bytes each.</summary>
    public const int MessageSize = 64 * 1024 * 1024;

    /// <summary>From the start of a stream to its hello.</summary>
    public TimeSpan HelloWithin { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From an update to its outcome. A proxy that takes longer is no longer there, or stuck.</summary>
    public TimeSpan OutcomeWithin { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>After this a table that was refused is offered once more, as a whole.</summary>
    public TimeSpan RefusedAgainAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Streams at one time.</summary>
    public int Streams { get; init; } = 10_000;

    /// <summary>Characters of a text for people: the rest of a longer one is cut off.</summary>
    public int TextLength { get; init; } = 1024;
}
