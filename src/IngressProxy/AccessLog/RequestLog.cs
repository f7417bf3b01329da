using Turnpike.Pipeline;
using Turnpike.Pipeline.Metrics;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.AccessLog;

/// <summary>
/// A line for each request. Requests put entries in a queue with an end; one thread writes them. Where the queue is full, because
/// whatever reads the log is slow or has stopped, entries are dropped and counted: no request ever waits for its line.
/// </summary>
internal sealed class RequestLog : IRequestLog, IDisposable
{
    /// <summary>Entries that wait to be written: a few megabytes at the very most.</summary>
    public const int Capacity = 2048;

    private const int MaxBatch = 128;

    /// <summary>
    /// The time to write the remaining entries when the proxy stops. A reader that takes nothing must not keep it from stopping.
    /// </summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(1);

    private readonly object _lock = new();
    private readonly AccessEntry[] _entries = new AccessEntry[Capacity];
    private readonly byte[] _texts = GC.AllocateUninitializedArray<byte>(Capacity * AccessEntry.MaxText);
    private readonly AccessLine _line;
    private readonly AccessLogSink _sink;
    private readonly ProxyMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly Thread _writer;
    private int _first;
    private int _count;
    private long _dropped;
    private bool _ended;

    public RequestLog(AccessLogFormat format, AccessLogSink sink, ProxyMetrics metrics, TimeProvider time)
    {
        _line = new AccessLine(format);
        _sink = sink;
        _metrics = metrics;
        _time = time;
        _writer = new Thread(Run) { IsBackground = true, Name = "access log" };
        _writer.Start();
    }

    /// <summary>This process's standard output. Not the console's writer: that has a lock which others would wait for.</summary>
    public static AccessLogSink StandardOutput()
    {
        var stream = Console.OpenStandardOutput();
        return lines =>
        {
            stream.Write(lines);
            stream.Flush();
        };
    }

    /// <inheritdoc/>
    public void Add(Exchange exchange, RouteOrigin? origin, string? rule, bool clientGone, TimeSpan elapsed)
    {
        var now = _time.GetUtcNow();
        lock (_lock)
        {
            if (_ended || _count == Capacity)
            {
                _dropped++;
                _metrics.AccessLogDropped();
                return;
            }
            var place = (_first + _count) % Capacity;
            _entries[place] = AccessEntry.Of(exchange, origin, rule, clientGone, now, elapsed, TextOf(_texts, place));
            if (_count++ == 0)
                Monitor.Pulse(_lock);
        }
    }

    /// <summary>Writes what waits, within a bound.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _ended = true;
            Monitor.Pulse(_lock);
        }
        if (_writer.Join(StopTimeout))
            _line.Dispose();
    }

    private void Run()
    {
        var batch = new AccessEntry[MaxBatch];
        var texts = new byte[MaxBatch * AccessEntry.MaxText];
        while (Take(batch, texts, out var dropped) is > 0 and var count)
        {
            _line.Clear();
            if (dropped > 0)
                _line.WriteGap(dropped);
            for (var i = 0; i < count; i++)
                _line.Write(batch[i]);
            Array.Clear(batch, 0, count);
            try
            {
                _sink(_line.Written);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or UnauthorizedAccessException)
            {
                // Nobody reads it any more, and nothing is left to tell that to: the requests that follow are counted as dropped.
                lock (_lock)
                    _ended = true;
                return;
            }
        }
    }

    /// <summary>Waits for entries; 0 where there will be none.</summary>
    private int Take(AccessEntry[] batch, byte[] texts, out long dropped)
    {
        lock (_lock)
        {
            while (_count == 0 && !_ended)
                Monitor.Wait(_lock);
            var count = Math.Min(_count, batch.Length);
            for (var i = 0; i < count; i++)
            {
                batch[i] = _entries[_first].In(TextOf(texts, i));
                _entries[_first] = default;
                _first = (_first + 1) % Capacity;
            }
            _count -= count;
            dropped = _dropped;
            _dropped = 0;
            return count;
        }
    }

    private static Memory<byte> TextOf(byte[] texts, int place) => texts.AsMemory(place * AccessEntry.MaxText, AccessEntry.MaxText);
}
