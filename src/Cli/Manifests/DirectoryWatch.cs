using System.Threading.Channels;

namespace Turnpike.Cli.Manifests;

/// <summary>
/// Signals when the files of a directory may have changed. It uses the events of the file system, gathered for a moment so that a burst of
/// writes
/// is one change, and a signal every two seconds for file systems without events.
/// </summary>
internal sealed class DirectoryWatch : IDisposable
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan MaxGather = TimeSpan.FromMilliseconds(80);
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);

    private readonly FileSystemWatcher _watcher;
    private readonly Channel<bool> _changes =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ITimer _poll;
    private readonly TimeProvider _time;

    public DirectoryWatch(string path, TimeProvider time)
    {
        _time = time;
        _watcher = new FileSystemWatcher(path)
        {
            NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite | NotifyFilters.Size,
        };
        _watcher.Created += (_, _) => Signal();
        _watcher.Changed += (_, _) => Signal();
        _watcher.Deleted += (_, _) => Signal();
        _watcher.Renamed += (_, _) => Signal();
        _watcher.Error += (_, _) => Signal();
        _watcher.EnableRaisingEvents = true;
        _poll = time.CreateTimer(_ => Signal(), null, Poll, Poll);
    }

    /// <summary>Completes when something may have changed since the last call.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        await _changes.Reader.ReadAsync(cancellationToken);
        var started = _time.GetTimestamp();
        // The wait lasts while events arrive, so that a half-written file is rarely read, but it is bounded.
        do
        {
            while (_changes.Reader.TryRead(out _))
            {
                // This event belongs to the same change.
            }
            await Task.Delay(Quiet, _time, cancellationToken);
        }
        while (_changes.Reader.TryPeek(out _) && _time.GetElapsedTime(started) < MaxGather);
    }

    public void Dispose()
    {
        _watcher.Dispose();
        _poll.Dispose();
    }

    private void Signal() => _changes.Writer.TryWrite(true);
}
