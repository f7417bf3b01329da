using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.TableSources;

/// <summary>
/// A file that holds the table. It is read again when it is written, renamed into place, or reached through a directory link that is
/// swapped, as those of mounted ConfigMaps are; and now and then in any case, for file systems that report no changes.
/// </summary>
internal sealed class TableFile(string path, TableApplier applier, ILogger logger, TimeProvider time) : ITableSource
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(5);

    // Writers write in several steps.
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(50);

    private readonly string _source = $"file '{path}'";
    private byte[] _lastHash = [];

    /// <inheritdoc/>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        using var changed = new SemaphoreSlim(0);
        using var watcher = TryWatch(Path.GetDirectoryName(path)!, changed);
        if (!File.Exists(path))
            logger.WaitingForTable(path);
        while (!cancellationToken.IsCancellationRequested)
        {
            Load();
            using var poll = new CancellationTokenSource(PollInterval, time);
            using var wake = CancellationTokenSource.CreateLinkedTokenSource(poll.Token, cancellationToken);
            await changed.WaitAsync(wake.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!wake.IsCancellationRequested)
                await Task.Delay(Settle, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (changed.Wait(0, CancellationToken.None))
            {
                // Several events are one change.
            }
        }
    }

    private FileSystemWatcher? TryWatch(string directory, SemaphoreSlim changed)
    {
        try
        {
            // The whole directory, since with a swapped link it is not the file itself that changes.
            var watcher = new FileSystemWatcher(directory)
            {
                NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite | NotifyFilters.Size,
            };
            watcher.Changed += (_, _) => Signal(changed);
            watcher.Created += (_, _) => Signal(changed);
            watcher.Renamed += (_, _) => Signal(changed);
            watcher.Error += (_, _) => Signal(changed);
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception e) when (e is ArgumentException or IOException)
        {
            logger.CannotWatch(directory, PollInterval.TotalSeconds, e.Message);
            return null;
        }
    }

    private static void Signal(SemaphoreSlim changed)
    {
        try
        {
            changed.Release();
        }
        catch (ObjectDisposedException)
        {
            // An event that was under way when the watching ended.
        }
    }

    private void Load()
    {
        if (!File.Exists(path))
            return;
        byte[] content;
        try
        {
            content = File.ReadAllBytes(path);
            var hash = SHA256.HashData(content);
            if (hash.AsSpan().SequenceEqual(_lastHash))
                return;
            _lastHash = hash;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            applier.Refuse(_source, e.Message);
            return;
        }
        applier.Apply(_source, swap =>
        {
            var table = RouteTableJson.Deserialize(content);
            if (table.Version.Length == 0)
                table = RouteTableJson.WithVersion(table);
            swap(table);
            return table;
        });
    }
}
