using Turnpike.Pipeline.Metrics;

namespace Turnpike.IngressProxy;

/// <summary>
/// Gives memory back to the system after a burst. The garbage collector keeps committed memory that it no longer uses until memory is
/// short,
/// and an idle proxy is never short of it. So the collector is told to give it back, once, when there is little to do.
/// </summary>
internal sealed class MemoryTrim : IDisposable
{
    private const long WorthIt = 64L * 1024 * 1024;
    private const int Generation = 2;

    // A proxy that allocates no more than this between two checks has little to do.
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
        // What a collection has left committed is the floor: another one is worth its pause only when there is much more.
        if (busy || GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes < _floor + WorthIt)
            return;
        GC.Collect(Generation, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        _floor = GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes;
        _allocated = GC.GetTotalAllocatedBytes();
        _metrics.MemoryTrimmed();
    }
}
