using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>Sends copies of requests to another cluster. The client does not wait for them; responses and failures are ignored.</summary>
internal sealed class Mirror(AttemptServices services)
{
    private const int MaxInFlight = 256;

    // A route without a timeout must not keep copies for ever.
    private static readonly TimeSpan LongestCopy = TimeSpan.FromMinutes(1);

    private readonly Pool<RequestDeadlines> _deadlines = new(() => new RequestDeadlines(services.Deadlines));
    private int _inFlight;

    /// <summary>
    /// Returns a copy of the request, to be sent when its body is complete. Returns null when the route has no mirror, or nothing can be
    /// sent to the mirror's cluster.
    /// </summary>
    public MirrorCopy? Prepare(TableState state, Route route, OutgoingRequest outgoing) =>
        route.MirrorCluster is { } name && state.FindCluster(name) is { } cluster && cluster.IsOpen
            ? new MirrorCopy(this, outgoing.Copy("-shadow"u8), cluster, route.Timeout)
            : null;

    /// <summary>The copy of one request.</summary>
    internal sealed class MirrorCopy(Mirror mirror, OutgoingRequest outgoing, ClusterState cluster, TimeSpan timeout)
    {
        private bool _sent;

        /// <summary>Sends the copy. Later calls, which a retry of the request makes, do nothing.</summary>
        /// <param name="body">The body, which is held until the copy has been sent; null when the request has none.</param>
        public void Send(BufferedBody? body)
        {
            if (_sent)
                return;
            _sent = true;
            body?.Hold();
            _ = mirror.SendAsync(outgoing, cluster, body, timeout);
        }
    }

    private async Task SendAsync(OutgoingRequest outgoing, ClusterState cluster, BufferedBody? body, TimeSpan timeout)
    {
        var deadlines = _deadlines.Rent();
        deadlines.Begin(timeout > TimeSpan.Zero && timeout < LongestCopy ? timeout : LongestCopy, TimeSpan.Zero, CancellationToken.None);
        try
        {
            if (Interlocked.Increment(ref _inFlight) > MaxInFlight)
                return;
            await using var attempt = new Attempt(services).Begin(cluster, cluster.Cluster.Protocol);
            if (!attempt.TryEnter())
                return;
            var copy = body is null ? null : new BufferedBody.Reader(body);
            var request = outgoing.To(attempt.Pick(), cluster.Cluster, copy, body?.Length);
            deadlines.Start();
            if (await attempt.SendAsync(request, deadlines.Token) is null)
                await BodyCopy.CopyAsync(attempt.Response!.Body, NullBodyWriter.Instance, deadlines.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The failure of a mirror is ignored.
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
            body?.Release();
            if (!deadlines.TryReset() || !_deadlines.TryReturn(deadlines))
                deadlines.Dispose();
        }
    }

    private sealed class NullBodyWriter : BodyWriter
    {
        public static NullBodyWriter Instance { get; } = new();

        /// <inheritdoc/>
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => default;

        /// <inheritdoc/>
        public override ValueTask FlushAsync(CancellationToken cancellationToken) => default;
    }
}
