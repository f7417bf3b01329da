using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Turnpike.Routing;

namespace Turnpike.IngressProxy;

/// <summary>
/// Keeps a proxy's table equal to a file. Sees a file that is written, renamed into place, or reached through a directory link that
/// is swapped (as mounted ConfigMaps are); looks by itself now and then, for file systems that tell nothing.
/// </summary>
internal sealed class TableFile : IAsyncDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(5);

    // Writers write in several steps.
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(50);

    private readonly string _path;
    private readonly ProxyServer _proxy;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _changed = new(0);
    private readonly FileSystemWatcher? _watcher;
    private readonly Task _loop;
    private byte[] _lastContent = [];
    private string? _lastFault;

    private TableFile(string path, ProxyServer proxy, ILogger logger, TimeProvider time)
    {
        _path = path;
        _proxy = proxy;
        _logger = logger;
        _time = time;
        _watcher = TryWatch(Path.GetDirectoryName(path)!);
        _loop = RunAsync(_stop.Token);
    }

    /// <summary>Loads the file when there is one, and again whenever it changes, until disposed of.</summary>
    public static TableFile Watch(string path, ProxyServer proxy, ILogger logger, TimeProvider time) => new(path, proxy, logger, time);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _watcher?.Dispose();
        await _stop.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _changed.Dispose();
    }

    private FileSystemWatcher? TryWatch(string directory)
    {
        try
        {
            // The whole directory: with a swapped link it is not the file itself that changes.
            var watcher = new FileSystemWatcher(directory)
            {
                NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite | NotifyFilters.Size,
            };
            watcher.Changed += (_, _) => _changed.Release();
            watcher.Created += (_, _) => _changed.Release();
            watcher.Renamed += (_, _) => _changed.Release();
            watcher.Error += (_, _) => _changed.Release();
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception e) when (e is ArgumentException or IOException)
        {
            _logger.CannotWatch(directory, PollInterval.TotalSeconds, e.Message);
            return null;
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        if (!File.Exists(_path))
            _logger.WaitingForTable(_path);
        while (true)
        {
            Load();
            using var poll = new CancellationTokenSource(PollInterval, _time);
            using var wake = CancellationTokenSource.CreateLinkedTokenSource(poll.Token, cancellationToken);
            await _changed.WaitAsync(wake.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            if (!poll.IsCancellationRequested)
                await Task.Delay(Settle, _time, cancellationToken);
            while (_changed.Wait(0, CancellationToken.None))
            {
                // Many events, one change.
            }
        }
    }

    private void Load()
    {
        try
        {
            if (!File.Exists(_path))
                return;
            var content = File.ReadAllBytes(_path);
            var hash = SHA256.HashData(content);
            if (hash.AsSpan().SequenceEqual(_lastContent))
                return;
            _lastContent = hash;
            var table = RouteTableJson.Deserialize(content);
            if (table.Version.Length == 0)
                table = RouteTableJson.WithVersion(table);
            _proxy.Swap(table);
            _lastFault = null;
            _logger.TableApplied(table.Version, table.VirtualHostCount, table.Clusters.All.Length, table.Certificates.Length);
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            if (_lastFault == e.Message)
                return;
            _lastFault = e.Message;
            _logger.TableNotLoaded(_path, e.Message);
            _proxy.CountLoadFailure();
        }
    }
}
