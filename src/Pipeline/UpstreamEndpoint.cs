using System.Security.Cryptography;
using System.Text;
using Turnpike.Pipeline.Metrics;
using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>An endpoint, and what the proxy remembers of it from request to request.</summary>
internal sealed class UpstreamEndpoint(Endpoint endpoint)
{
    private readonly Ejection _ejection = new();
    private int _active;

    public Endpoint Endpoint { get; } = endpoint;

    public string BaseUri { get; } = $"http://{endpoint}";

    /// <summary>A name for the endpoint that consists of letters and digits.</summary>
    public string Id => field ??= Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Endpoint.ToString())).AsSpan(0, 16));

    public int Active => Volatile.Read(ref _active);

    public bool IsEjected => _ejection.IsActive;

    public void Begin() => Interlocked.Increment(ref _active);

    public void End() => Interlocked.Decrement(ref _active);

    /// <summary>
    /// Returns true when a request may be sent to the endpoint. When the endpoint is ejected and the time has come to probe it, returns
    /// true once, and that request is the probe.
    /// </summary>
    public bool TryAdmit(TimeProvider time) => !_ejection.IsActive || _ejection.TryProbe(time);

    /// <summary>Ends an ejection, because the endpoint has responded. Any response counts: it shows that a connection was made.</summary>
    public void Responded() => _ejection.End();

    /// <summary>Ejects the endpoint if a request failed because no connection could be made.</summary>
    public void Failed(UpstreamFailure failure, ProxyMetrics metrics, TimeProvider time)
    {
        if (failure is not (UpstreamFailure.Connect or UpstreamFailure.Handshake))
            return;
        metrics.ConnectFailed();
        if (_ejection.Begin(time))
            metrics.Ejected();
    }
}

/// <summary>
/// The ejection of an endpoint that accepts no connections. It lasts a second, and twice as long, up to <see cref="Longest"/>, each time
/// that the probe of the endpoint fails too.
/// </summary>
internal sealed class Ejection
{
    public static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private volatile bool _isActive;
    private TimeSpan _length;
    private long _began;
    private bool _probing;

    public bool IsActive => _isActive;

    /// <summary>
    /// Returns true when there is no ejection. When the time of an ejection is over, it returns true for one caller, whose request is the
    /// probe. For the others the ejection lasts as long again, or until the probe succeeds.
    /// </summary>
    public bool TryProbe(TimeProvider time)
    {
        lock (_lock)
        {
            if (!_isActive)
                return true;
            if (time.GetElapsedTime(_began) < _length)
                return false;
            _began = time.GetTimestamp();
            return _probing = true;
        }
    }

    /// <summary>Begins an ejection. Returns false when there is one already: many requests that fail at once are one failure.</summary>
    public bool Begin(TimeProvider time)
    {
        lock (_lock)
        {
            if (_isActive && !_probing)
                return false;
            _length = _isActive ? TimeSpan.FromTicks(Math.Min(_length.Ticks * 2, Longest.Ticks)) : First;
            _began = time.GetTimestamp();
            _probing = false;
            _isActive = true;
            return true;
        }
    }

    public void End()
    {
        if (!_isActive)
            return;
        lock (_lock)
            _isActive = _probing = false;
    }
}
