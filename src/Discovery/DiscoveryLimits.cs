using Turnpike.Hosting.Serving;

namespace Turnpike.Discovery;

/// <summary>The limits of what a proxy may ask of the control plane, and of the time that each exchange may take.</summary>
public sealed record DiscoveryLimits
{
    /// <summary>The largest message of a proxy, in bytes. A proxy sends a long inventory of its table in several messages.</summary>
    public const int MessageSize = 64 * 1024;

    /// <summary>The largest message of another replica, in bytes. Its request has no content.</summary>
    public const int FleetMessageSize = 1024;

    /// <summary>The number of concurrent TokenReviews. <see cref="TokenReviewsPerPeer"/> is the limit for one peer.</summary>
    internal const int TokenReviews = 16;
    internal const int TokenReviewsPerPeer = 2;

    /// <summary>The number of calls that wait for a TokenReview. <see cref="TokensWaitingPerPeer"/> is the limit for one peer.</summary>
    internal const int TokensWaiting = 256;
    internal const int TokensWaitingPerPeer = 16;

    /// <summary>
    /// The number of invalid tokens that a peer may have reviewed at once. It regains one after each <see cref="BadTokenEvery"/>.
    /// </summary>
    internal const int BadTokensAtOnce = 10;
    internal static readonly TimeSpan BadTokenEvery = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The number of tokens that are remembered as valid, and the number of those remembered as invalid. <see cref="RememberedPeers"/> is
    /// the number of peers whose invalid tokens are counted.
    /// </summary>
    internal const int RememberedTokens = 4096;
    internal const int RememberedPeers = 4096;

    /// <summary>The longest time from the start of a stream to the proxy's hello.</summary>
    public TimeSpan HelloWithin { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest time from an update to its outcome. A proxy that takes longer is gone or stuck.</summary>
    public TimeSpan OutcomeWithin { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The time after which a refused table is offered once more, as a whole.</summary>
    public TimeSpan RefusedAgainAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The longest time that a stream lasts, even when its token is valid for longer; after it the proxy must authenticate again. Each
    /// stream gets up to a fifth less, so that not all of them end at once.
    /// </summary>
    public TimeSpan StreamAge { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>
    /// How long a proxy still counts as connected after its stream ended at its maximum age or with its token. The proxy is expected to
    /// reconnect within this time.
    /// </summary>
    public TimeSpan BackWithin { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The number of proxies that are connected at one time. A proxy has one stream; a new stream replaces the former one.
    /// </summary>
    public int Streams { get; init; } = 1000;

    /// <summary>
    /// The number of sidecars that are connected at one time. The default is 0, because sidecars have no table yet and each ServiceAccount
    /// of the cluster could ask for one.
    /// </summary>
    public int SidecarStreams { get; init; }

    /// <summary>The number of streams of other replicas at one time.</summary>
    public int FleetStreams { get; init; } = 64;

    /// <summary>
    /// The number of resources in a proxy's inventory. A proxy with a larger one gets the whole table, or is refused when it keeps sending.
    /// </summary>
    public int InventorySize { get; init; } = 200_000;

    /// <summary>The number of updates of at least <see cref="LargeUpdate"/> bytes that are sent at one time.</summary>
    public int LargeUpdates { get; init; } = 4;

    /// <summary>The size in bytes from which an update waits for its turn.</summary>
    public const int LargeUpdate = 256 * 1024;

    /// <summary>The number of characters of a text for people. The rest of a longer text is cut off.</summary>
    public int TextLength { get; init; } = 1024;

    /// <summary>
    /// The limits of the port's connections. A new connection has a few seconds to authenticate; after that it counts towards the limit of
    /// its pod.
    /// </summary>
    public ConnectionLimits Connections { get; init; } = new("discovery", 256, 16)
    {
        ProveWithin = TimeSpan.FromSeconds(15),
        Proven = 1100,
        ProvenPerIdentity = 4,
    };
}
