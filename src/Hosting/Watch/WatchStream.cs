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

/// <summary>One line of a watch. <see cref="Object"/> is valid until the next line is read.</summary>
internal readonly record struct WatchEvent(WatchEventKind Kind, JsonElement Object);

internal static class WatchStream
{
    private static readonly StreamPipeReaderOptions ReadAhead = new(bufferSize: 32 * 1024);

    /// <summary>
    /// Returns the events after <paramref name="resourceVersion"/> until the API server ends the watch.
    /// </summary>
    /// <exception cref="KubeStatusException">The API server sent an ERROR event.</exception>
    /// <exception cref="TimeoutException">
    /// The API server has not ended the watch within <paramref name="serverTimeout"/> and <paramref name="grace"/>, so the connection is
    /// taken for broken.
    /// </exception>
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
            + $"&resourceVersion={Uri.EscapeDataString(resourceVersion)}&timeoutSeconds={(int)serverTimeout.TotalSeconds}"
            + query.Selectors();

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

            // An incomplete line at the end is not an event. The next watch continues after the last complete one.
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
                throw new TimeoutException($"the API server did not end the watch within {(serverTimeout + grace).TotalSeconds:0} s");
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
