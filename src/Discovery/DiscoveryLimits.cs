using Turnpike.Hosting.Serving;

namespace Turnpike.Discovery;

/// <summary>What a proxy may ask of the control plane, and how long it may take.</summary>
public sealed record DiscoveryLimits
{
    /// <summary>Bytes of one message of a proxy. It says in several of them what its table is made of.</summary>
    public const int MessageSize = 64 * 1024;

    /// <summary>Bytes of one message of another replica, which has nothing to say but that it asks.</summary>
    public const int FleetMessageSize = 1024;

    /// <summary>TokenReviews at one time, and of one peer.</summary>
    internal const int TokenReviews = 16;
    internal const int TokenReviewsPerPeer = 2;

    /// <summary>Calls that wait for a TokenReview, and of one peer.</summary>
    internal const int TokensWaiting = 256;
    internal const int TokensWaitingPerPeer = 16;

    /// <summary>A peer may have so many tokens judged that turn out to be worth nothing, and then one more after each interval.</summary>
    internal const int BadTokensAtOnce = 10;
    internal static readonly TimeSpan BadTokenEvery = TimeSpan.FromSeconds(1);

    /// <summary>Tokens that are remembered as good, and as bad; peers whose tries are counted.</summary>
    internal const int RememberedTokens = 4096;
    internal const int RememberedPeers = 4096;

    /// <summary>From the start of a stream to its hello.</summary>
    public TimeSpan HelloWithin { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From an update to its outcome. A proxy that takes longer is no longer there, or stuck.</summary>
    public TimeSpan OutcomeWithin { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>After this a table that was refused is offered once more, as a whole.</summary>
    public TimeSpan RefusedAgainAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest that a stream lasts, however long its token would: then the proxy must be let in anew. Up to a fifth less, so that not all end at once.</summary>
    public TimeSpan StreamAge { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How long a proxy whose stream was ended so still counts as connected, until it is back.</summary>
    public TimeSpan BackWithin { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Proxies at one time. One has one stream: a later one takes the place of the former.</summary>
    public int Streams { get; init; } = 1000;

    /// <summary>
    /// Sidecars at one time. None by default: they have no table yet, and each ServiceAccount of the cluster could ask for one.
    /// </summary>
    public int SidecarStreams { get; init; }

    /// <summary>Streams of other replicas at one time.</summary>
    public int FleetStreams { get; init; } = 64;

    /// <summary>Resources that a proxy may say to have; one that says more is given the whole table.</summary>
    public int InventorySize { get; init; } = 200_000;

    /// <summary>Updates above <see cref="LargeUpdate"/> that are on their way at one time.</summary>
    public int LargeUpdates { get; init; } = 4;

    /// <summary>Bytes from which on an update waits for its turn.</summary>
    public const int LargeUpdate = 256 * 1024;

    /// <summary>Characters of a text for people: the rest of a longer one is cut off.</summary>
    public int TextLength { get; init; } = 1024;

    /// <summary>Of the port. A connection of a stranger has a few seconds to become that of a proxy, which is counted by its pod.</summary>
    public ConnectionLimits Connections { get; init; } = new("discovery", 256, 16)
    {
        ProveWithin = TimeSpan.FromSeconds(15),
        Proven = 1100,
        ProvenPerIdentity = 4,
    };
}
