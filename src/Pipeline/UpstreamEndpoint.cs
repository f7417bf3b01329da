using System.Security.Cryptography;
using System.Text;
using Turnpike.Pipeline.Metrics;
using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>An endpoint with what the proxy keeps about it from request to request.</summary>
internal sealed class UpstreamEndpoint(Endpoint endpoint)
{
    private readonly Ejection _ejection = new();
    private int _active;

    public Endpoint Endpoint { get; } = endpoint;

    public string BaseUri { get; } = $"http://{endpoint}";

    /// <summary>Stands for the endpoint where a name of letters and digits is wanted.</summary>
    public string Id => field ??= Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Endpoint.ToString())).AsSpan(0, 16));

    public int Active => Volatile.Read(ref _active);

    public bool IsEjected => _ejection.IsActive;

    public void Begin() => Interlocked.Increment(ref _active);

    public void End() => Interlocked.Decrement(ref _active);

    /// <summary>Whether a request may go there: yes, unless it is ejected and nobody is to probe it yet. Who hears yes is the probe.</summary>
    public bool TryAdmit(TimeProvider time) => !_ejection.IsActive || _ejection.TryProbe(time);

    /// <summary>It answered, however badly: the connection was made, and more is not judged here.</summary>
    public void Responded() => _ejection.End();

    /// <summary>A request to it failed.</summary>
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
/// Passes over an endpoint that takes no connections: for a second, and twice as long each time that the request which then
/// probes it fails too.
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

    /// <summary>True for one caller when the time is over; the others wait as long again, or until that one succeeds.</summary>
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

    /// <summary>False where it was in force already: many requests may fail at once, and that is one failure.</summary>
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
