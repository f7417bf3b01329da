using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Watch;

internal enum WatchEventKind
{
    Added,
    Modified,
    Deleted,
    Bookmark,
}

/// <summary>One line of a watch. <see cref="Object"/> is valid until the next line is asked for.</summary>
internal readonly record struct WatchEvent(WatchEventKind Kind, JsonElement Object);

internal static class WatchStream
{
    private static readonly StreamPipeReaderOptions ReadAhead = new(bufferSize: 32 * 1024);

    /// <summary>
    /// The events after <paramref name="resourceVersion"/>. Ends when the server ends it; throws <see cref="KubeStatusException"/> on an
    /// ERROR event, and <see cref="TimeoutException"/> when the stream outlives the time given to the server by <paramref name="grace"/>:
    /// then nobody is at the other end any more.
    /// </summary>
    public static async IAsyncEnumerable<WatchEvent> OpenAsync(
        KubeApi api,
        ResourceRef resource,
        ResourceQuery query,
        string resourceVersion,
        TimeSpan serverTimeout,
        TimeSpan grace,
        TimeProvider clock,
        Action opened,
        [EnumeratorCancellation] CancellationToken ct)
    {
        using var watchdog = new CancellationTokenSource(serverTimeout + grace, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, watchdog.Token);
        var path = $"{resource.PathOf(query.Namespace)}?watch=1&allowWatchBookmarks=true"
            + $"&resourceVersion={Uri.EscapeDataString(resourceVersion)}&timeoutSeconds={(int)serverTimeout.TotalSeconds}{query.Selectors()}";

        using var response = await WithWatchdog(() => api.SendAsync(HttpMethod.Get, path, null, either.Token));
        opened();
        var reader = PipeReader.Create(await response.Content.ReadAsStreamAsync(either.Token), ReadAhead);
        while (true)
        {
            var read = await WithWatchdog(() => reader.ReadAsync(either.Token).AsTask());
            var unread = read.Buffer;
            while (unread.PositionOf((byte)'\n') is { } end)
            {
                var line = unread.Slice(0, end);
                unread = unread.Slice(unread.GetPosition(1, end));
                if (line.Length < 2)
                    continue;
                using var document = JsonDocument.Parse(line);
                yield return Read(document.RootElement);
            }

            reader.AdvanceTo(unread.Start, unread.End);

            // Half a line at the end is no event: the next watch goes on after the last whole one.
            if (read.IsCompleted)
                yield break;
        }

        async Task<T> WithWatchdog<T>(Func<Task<T>> step)
        {
            try
            {
                return await step();
            }
            catch (OperationCanceledException) when (watchdog.IsCancellationRequested && !ct.IsCancellationRequested)
            {
                throw new TimeoutException($"the watch was not ended by the server within {(serverTimeout + grace).TotalSeconds:0} s");
            }
        }
    }

    private static WatchEvent Read(JsonElement line)
    {
        var item = line.Child("object") ?? throw new JsonException("watch event without object");
        return line.Text("type") switch
        {
            "ADDED" => new(WatchEventKind.Added, item),
            "MODIFIED" => new(WatchEventKind.Modified, item),
            "DELETED" => new(WatchEventKind.Deleted, item),
            "BOOKMARK" => new(WatchEventKind.Bookmark, item),
            "ERROR" => throw KubeStatusException.FromStatus(item),
            var type => throw new JsonException($"watch event of unknown type \"{type}\""),
        };
    }
}
