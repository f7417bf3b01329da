using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Turnpike.Protocol;

namespace Turnpike.Tests.Support.ControlPlane;

/// <summary>Between a replica and its proxies: sees every update, and may spoil it.</summary>
internal sealed class Tap : Interceptor
{
    private readonly ConcurrentQueue<TableUpdate> _updates = new();

    public IReadOnlyList<TableUpdate> Updates => [.. _updates];

    /// <summary>Changes updates on their way.</summary>
    public Action<TableUpdate>? Spoil { get; set; }

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        continuation(requestStream, new Writer<TResponse>(this, responseStream), context);

    private sealed class Writer<T>(Tap tap, IServerStreamWriter<T> inner) : IServerStreamWriter<T>
    {
        public WriteOptions? WriteOptions
        {
            get => inner.WriteOptions;
            set => inner.WriteOptions = value;
        }

        public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

        public Task WriteAsync(T message, CancellationToken cancellationToken)
        {
            if (message is TableUpdate { InventoryWanted: false } update)
            {
                tap._updates.Enqueue(update.Clone());
                tap.Spoil?.Invoke(update);
            }
            return inner.WriteAsync(message, cancellationToken);
        }
    }
}
