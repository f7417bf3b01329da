using Turnpike.Pipeline.Metrics;

namespace Turnpike.IngressProxy;

/// <summary>
/// Gives memory back after a burst: what the collector has committed and does not use any more it keeps until it is short of it,
/// and a proxy without requests is never short of it. So it is told to, once, when there is little to do.
/// </summary>
internal sealed class MemoryTrim : IDisposable
{
    private const long WorthIt = 64L * 1024 * 1024;
    private const int Generation = 2;

    // Allocations between two looks, of a proxy that has little to do.
    private const long LittleToDo = 32L * 1024 * 1024;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    private readonly ProxyMetrics _metrics;
    private readonly ITimer _timer;
    private long _allocated = GC.GetTotalAllocatedBytes();
    private long _floor;

    public MemoryTrim(ProxyMetrics metrics, TimeProvider time)
    {
        _metrics = metrics;
        _timer = time.CreateTimer(static trim => ((MemoryTrim)trim!).Check(), this, Interval, Interval);
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Check()
    {
        var allocated = GC.GetTotalAllocatedBytes();
        var busy = allocated - _allocated > LittleToDo;
        _allocated = allocated;
        // What a collection has left committed once is what there is to live with, until there is much more.
        if (busy || GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes < _floor + WorthIt)
            return;
        GC.Collect(Generation, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        _floor = GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes;
        _allocated = GC.GetTotalAllocatedBytes();
        _metrics.MemoryTrimmed();
    }
}
