using Turnpike.Routing;

namespace Turnpike.IngressProxy.Pipeline;

/// <summary>Sends copies of requests to another cluster and forgets them: the client waits for nothing, failures are nobody's.</summary>
internal sealed class Mirror(IUpstreamClient client, Random random, TimeProvider time)
{
    private const int MaxInFlight = 256;
    private const string HostSuffix = "-shadow";

    // A route without a timeout must not keep copies for ever.
    private static readonly TimeSpan LongestCopy = TimeSpan.FromMinutes(1);

    private int _inFlight;

    /// <summary>A copy of the request to be sent when its body is complete; null where the route wants none.</summary>
    public MirrorCopy? Prepare(TableState state, Route route, OutgoingRequest outgoing) =>
        route.MirrorCluster is { } name && state.FindCluster(name) is { } cluster && cluster.Pick(random) is { } endpoint
            ? new MirrorCopy(this, outgoing, cluster.Cluster, endpoint, route.Timeout)
            : null;

    /// <summary>One copy.</summary>
    internal sealed class MirrorCopy(Mirror mirror, OutgoingRequest outgoing, Cluster cluster, UpstreamEndpoint endpoint, TimeSpan timeout)
    {
        public void Send(ReadOnlyMemory<byte>? body) => _ = mirror.SendAsync(
            outgoing.To(endpoint, cluster, body is { } bytes ? new MemoryBody(bytes) : null, body?.Length, outgoing.Host + HostSuffix),
            timeout);
    }

    private async Task SendAsync(UpstreamRequest request, TimeSpan timeout)
    {
        request.Endpoint.Begin();
        try
        {
            if (Interlocked.Increment(ref _inFlight) > MaxInFlight)
                return;
            using var end = new CancellationTokenSource(timeout > TimeSpan.Zero && timeout < LongestCopy ? timeout : LongestCopy, time);
            await using var response = await client.SendAsync(request, end.Token);
            await BodyCopy.CopyAsync(response.Body, Nowhere.Instance, end.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // Fire and forget.
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
            request.Endpoint.End();
        }
    }

    private sealed class Nowhere : BodyWriter
    {
        public static Nowhere Instance { get; } = new();

        /// <inheritdoc/>
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => default;

        /// <inheritdoc/>
        public override ValueTask FlushAsync(CancellationToken cancellationToken) => default;
    }
}
