using System.Diagnostics;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Turnpike.Hosting.Serving;

/// <summary>
/// Keeps the connections of a port within <see cref="ConnectionLimits"/>. At the limit, a new connection of a peer with few connections
/// replaces the oldest one of the peer with most, so that a flood leaves room for others. A refused connection is closed before a byte of
/// it is read.
/// </summary>
public sealed class ConnectionBounds
{
    private static readonly ConnectionAbortedException Evicted = new("a peer with fewer connections took the place of this one");
    private static readonly ConnectionAbortedException Unproven = new("the client did not prove its identity in time");

    private readonly ConnectionLimits _limits;
    private readonly TimeProvider _clock;
    private readonly FairBudget<PeerAddress> _strangers;
    private readonly FairBudget<string> _proven;
    private readonly FairGate<PeerAddress> _handshakes;

    public ConnectionBounds(ConnectionLimits limits, TimeProvider clock)
    {
        (_limits, _clock) = (limits, clock);
        _strangers = new(limits.Connections, limits.ConnectionsPerPeer);
        _proven = new(limits.Proven, limits.ProvenPerIdentity);
        // A client that waits for a handshake has a connection, so the limit of connections bounds the queue.
        _handshakes = new(limits.Handshakes, limits.HandshakesPerPeer, limits.Connections, limits.ConnectionsPerPeer);
    }

    /// <summary>Adds the limits, and TLS if it is configured, in front of what the endpoint serves.</summary>
    public void Apply(ListenOptions listen, Action<HttpsConnectionAdapterOptions>? https = null)
    {
        listen.Use(next => connection => AdmitAsync(connection, next));
        if (https is null)
            return;
        listen.Use(next => connection => ShakeHandsAsync(connection, next));
        listen.UseHttps(options =>
        {
            options.HandshakeTimeout = _limits.HandshakeWithin;
            https(options);
        });
        listen.Use(next => connection =>
        {
            connection.Features.Get<Handshake>()?.Dispose();
            return next(connection);
        });
    }

    private async Task AdmitAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var peer = PeerAddress.Of(connection.RemoteEndPoint);
        using var standing = new Standing(this, connection);
        if (!standing.TryEnter(peer))
        {
            Refused("connections");
            return;
        }
        connection.Features.Set<IConnectionStanding>(standing);
        await next(connection);
    }

    /// <summary>
    /// Limits the handshakes that run at one time, because each takes a processor. A client that sends nothing takes no place.
    /// </summary>
    private async Task ShakeHandsAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        using var late = new CancellationTokenSource(_limits.HandshakeWithin, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, connection.ConnectionClosed);
        IDisposable? slot;
        try
        {
            var first = await connection.Transport.Input.ReadAsync(either.Token);
            connection.Transport.Input.AdvanceTo(first.Buffer.Start);
            if (first.Buffer.IsEmpty)
                return;
            slot = await _handshakes.EnterAsync(PeerAddress.Of(connection.RemoteEndPoint), either.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            Refused("handshake");
            return;
        }
        if (slot is null)
        {
            Refused("handshake");
            return;
        }
        using var handshake = new Handshake(slot);
        connection.Features.Set(handshake);
        await next(connection);
    }

    private void Refused(string reason) =>
        Telemetry.Refusals.Add(1, new TagList { { "port", _limits.Port }, { "reason", reason } });

    private sealed class Handshake(IDisposable slot) : IDisposable
    {
        public void Dispose() => slot.Dispose();
    }

    /// <summary>The place of one connection: first among the unidentified ones, then among those of its identity.</summary>
    private sealed class Standing(ConnectionBounds bounds, ConnectionContext connection) : IConnectionStanding, IDisposable
    {
        private readonly Lock _gate = new();
        private FairBudget<PeerAddress>.Share? _stranger;
        private FairBudget<string>.Share? _proven;
        private ITimer? _proof;
        private bool _isOver;

        public bool TryEnter(PeerAddress peer)
        {
            _stranger = bounds._strangers.TryOpen(peer, 1, () => Abort(Evicted, "evicted"));
            if (_stranger is not null && bounds._limits.ProveWithin is { } within)
                _proof = bounds._clock.CreateTimer(_ => Abort(Unproven, "unproven"), null, within, Timeout.InfiniteTimeSpan);
            return _stranger is not null;
        }

        public bool TryProve(string identity)
        {
            lock (_gate)
            {
                // A connection that several identities share counts under the first.
                if (_isOver || _proven is not null)
                    return !_isOver;
                _proven = bounds._proven.TryOpen(identity, 1);
                if (_proven is null)
                    return false;
                _proof?.Dispose();
                _stranger?.Dispose();
                return true;
            }
        }

        public void Dispose()
        {
            lock (_gate)
            {
                _isOver = true;
                _proof?.Dispose();
                _stranger?.Dispose();
                _proven?.Dispose();
            }
        }

        private void Abort(ConnectionAbortedException why, string reason)
        {
            bounds.Refused(reason);
            connection.Abort(why);
        }
    }
}
