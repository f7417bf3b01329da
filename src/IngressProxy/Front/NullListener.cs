using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Turnpike.IngressProxy.Front;

/// <summary>A transport that accepts no connections. It exists so that Kestrel builds a connection pipeline for its endpoint.</summary>
internal sealed class NullListener : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public static EndPoint EndPoint { get; } = new NullEndPoint();

    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => endpoint is NullEndPoint;

    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new(new Listener());

    private sealed class NullEndPoint : EndPoint
    {
        /// <inheritdoc/>
        public override string ToString() => "nowhere";
    }

    private sealed class Listener : IConnectionListener
    {
        private readonly TaskCompletionSource<ConnectionContext?> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <inheritdoc/>
        public EndPoint EndPoint => NullListener.EndPoint;

        /// <inheritdoc/>
        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => new(_end.Task);

        /// <inheritdoc/>
        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => DisposeAsync();

        /// <inheritdoc/>
        public ValueTask DisposeAsync()
        {
            _end.TrySetResult(null);
            return default;
        }
    }
}
