using System.Runtime.CompilerServices;
using Turnpike.Http;
using Turnpike.Pipeline.Metrics;
using Turnpike.Routing;

namespace Turnpike.Pipeline;

internal enum AttemptFailure
{
    None,
    Connect,

    /// <summary>The endpoint accepted the connection, but the TLS handshake on it failed.</summary>
    Handshake,
    Refused,
    Reset,

    /// <summary>The response breaks a rule of HTTP.</summary>
    Malformed,

    /// <summary>The request breaks a rule of HTTP and was not sent.</summary>
    InvalidRequest,

    /// <summary>The per-try timeout was reached before the timeout of the request, or the longest wait for a slot was over.</summary>
    Timeout,

    /// <summary>A circuit breaker of the cluster left no room for the attempt.</summary>
    Overflow,
}

/// <summary>The services that all attempts share: the client that sends, the counters, and the sources of chance and time.</summary>
internal sealed record AttemptServices(
    IUpstreamClient Client, ProxyMetrics Metrics, Random Random, TimeProvider Time, IDeadlines Deadlines);

/// <summary>
/// One attempt to get a response from a cluster. It takes a slot of the cluster's concurrency limit, picks an endpoint and sends the
/// request. Each step may fail or be left out, and <see cref="DisposeAsync"/> gives back exactly what the steps before it took. One caller
/// at a time uses the object, for one attempt after the other.
/// </summary>
/// <param name="services">The services that all attempts share.</param>
internal sealed class Attempt(AttemptServices services) : IAsyncDisposable
{
    private ClusterState _cluster = null!;
    private ConcurrencyLimiter _limiter = null!;
    private bool _entered;
    private bool _active;

    /// <summary>The endpoint that was picked; null before one is picked. It stays known after the attempt.</summary>
    public UpstreamEndpoint? Endpoint { get; private set; }

    /// <summary>The response; null when there is none. It lives as long as the attempt.</summary>
    public UpstreamResponse? Response { get; private set; }

    public AttemptFailure Failure { get; private set; }

    /// <summary>Begins an attempt. The one before must have been disposed of.</summary>
    /// <param name="cluster">The cluster, which has an endpoint.</param>
    /// <param name="protocol">The protocol that is spoken to the endpoint. It decides which limit applies.</param>
    public Attempt Begin(ClusterState cluster, UpstreamProtocol protocol)
    {
        _cluster = cluster;
        _limiter = cluster.Circuits.LimiterOf(protocol);
        Endpoint = null;
        Failure = AttemptFailure.None;
        return this;
    }

    /// <summary>Drops the references to cluster and endpoint, so that an object in a pool does not keep a table alive.</summary>
    public void Clear()
    {
        _cluster = null!;
        _limiter = null!;
        Endpoint = null;
    }

    /// <summary>Takes a slot of the concurrency limit at once. Returns false when there is none.</summary>
    public bool TryEnter() => _entered = _limiter.TryEnter();

    /// <summary>
    /// Takes a slot once there is something to send, because a client that announces a body and sends none must not keep others out. A
    /// request over HTTP/2 without a length, or with <c>Expect</c>, may take a slot before its body arrives, because the endpoint may have
    /// to send first.
    /// </summary>
    /// <param name="request">The request as it was received.</param>
    /// <param name="body">The body of the request; null when it has none.</param>
    /// <param name="longest">The longest wait for a slot. Zero means no limit.</param>
    /// <param name="cancellationToken">Ends the wait with an exception.</param>
    /// <returns>False when no slot was taken; <see cref="Failure"/> says why.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> EnterAsync(RequestHead request, BufferingBody? body, TimeSpan longest, CancellationToken cancellationToken)
    {
        if (body is not null)
        {
            body.EndBodyless();
            var mayBegin = request.ContentLength is null && request.Version == HttpGeneration.Http2;
            if ((mayBegin || request.Headers.Contains(KnownHeader.Expect)) && _limiter.TryEnterBeforeBody())
            {
                body.CountAsBodyless(_limiter);
                return _entered = true;
            }
            await body.ArriveAsync(cancellationToken);
        }
        var result = await _limiter.EnterAsync(longest, services.Deadlines, cancellationToken);
        Failure = result switch
        {
            LimiterResult.Overflow => AttemptFailure.Overflow,
            LimiterResult.TimedOut => AttemptFailure.Timeout,
            _ => AttemptFailure.None,
        };
        return _entered = result == LimiterResult.Entered;
    }

    /// <summary>Picks the endpoint, which counts this attempt as active until its end. A slot must have been taken before.</summary>
    /// <param name="other">An endpoint that has just failed. It is avoided if there is another.</param>
    public UpstreamEndpoint Pick(UpstreamEndpoint? other = null)
    {
        Endpoint = _cluster.Pick(services.Random, services.Time, other)!;
        Endpoint.Begin();
        _active = true;
        return Endpoint;
    }

    /// <summary>Sends the request to the endpoint that was picked, and records the result for ejection.</summary>
    /// <returns>Null when there is a <see cref="Response"/>; else why there is none, which <see cref="Failure"/> says as well.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<UpstreamFailure?> SendAsync(UpstreamRequest request, CancellationToken cancellationToken)
    {
        try
        {
            Response = await services.Client.SendAsync(request, cancellationToken);
            Endpoint!.Responded();
            return null;
        }
        catch (UpstreamException e)
        {
            Endpoint!.Failed(e.Failure, services.Metrics, services.Time);
            Failure = FailureOf(e.Failure);
            return e.Failure;
        }
    }

    /// <summary>Records that the time of this attempt was over before a response came.</summary>
    public void TimedOut() => Failure = AttemptFailure.Timeout;

    /// <summary>Ends the exchange with the endpoint and gives back what was taken. A second call is harmless.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask DisposeAsync()
    {
        if (_active)
            Endpoint!.End();
        _active = false;
        try
        {
            var response = Response;
            Response = null;
            if (response is not null)
                await response.DisposeAsync();
        }
        finally
        {
            if (_entered)
                _limiter.Leave();
            _entered = false;
        }
    }

    private static AttemptFailure FailureOf(UpstreamFailure failure) => failure switch
    {
        UpstreamFailure.Connect => AttemptFailure.Connect,
        UpstreamFailure.Handshake => AttemptFailure.Handshake,
        UpstreamFailure.Refused => AttemptFailure.Refused,
        UpstreamFailure.Malformed => AttemptFailure.Malformed,
        UpstreamFailure.InvalidRequest => AttemptFailure.InvalidRequest,
        _ => AttemptFailure.Reset,
    };
}
