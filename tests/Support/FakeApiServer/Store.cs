using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Turnpike.Tests.Support.FakeApiServer;

/// <summary>Objects, their history, and their watchers.</summary>
internal sealed class Store
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<(string Collection, string Namespace, string Name), JsonObject> _objects = [];
    private readonly Dictionary<(string Collection, string Namespace, string Name, string Manager), JsonObject> _applied = [];
    private readonly List<Change> _history = [];
    private readonly List<Watcher> _watchers = [];
    private long _version = 100;
    private long _compacted;

    public long Version
    {
        get
        {
            lock (_gate)
                return _version;
        }
    }

    public int Watchers
    {
        get
        {
            lock (_gate)
                return _watchers.Count;
        }
    }

    public (IReadOnlyList<JsonObject> Items, long Version) List(string collection, string ns, Func<JsonObject, bool> selected)
    {
        lock (_gate)
        {
            var items = _objects
                .Where(pair => pair.Key.Collection == collection && (ns.Length == 0 || pair.Key.Namespace == ns) && selected(pair.Value))
                .Select(pair => Clone(pair.Value));
            return ([.. items], _version);
        }
    }

    public JsonObject? Get(string collection, string ns, string name)
    {
        lock (_gate)
            return _objects.TryGetValue((collection, ns, name), out var found) ? Clone(found) : null;
    }

    /// <summary>Changes what is there (an empty object when nothing is) in one step; what stays equal makes no event.</summary>
    public JsonObject Write(string collection, string ns, string name, Func<JsonObject?, JsonObject> change)
    {
        lock (_gate)
        {
            var key = (collection, ns, name);
            var old = _objects.GetValueOrDefault(key);
            var made = change(old is null ? null : Clone(old));
            var metadata = made["metadata"] as JsonObject ?? [];
            made["metadata"] = metadata;
            metadata["name"] = name;
            if (ns.Length > 0)
                metadata["namespace"] = ns;
            metadata["uid"] ??= old?["metadata"]?["uid"]?.DeepClone() ?? Guid.NewGuid().ToString();
            if (old is not null)
            {
                metadata["resourceVersion"] = old["metadata"]!["resourceVersion"]!.DeepClone();
                if (JsonNode.DeepEquals(old, made))
                    return Clone(old);
            }

            Stamp(made);
            _objects[key] = made;
            Publish(new(_version, collection, old is null ? "ADDED" : "MODIFIED", made, old));
            return Clone(made);
        }
    }

    public JsonObject Apply(string collection, string ns, string name, string manager, JsonObject applied) =>
        Write(collection, ns, name, current =>
        {
            var result = current ?? [];
            var stated = Clone(applied);
            (stated["metadata"] as JsonObject)?.Remove("resourceVersion");
            var others = _applied
                .Where(a => (a.Key.Collection, a.Key.Namespace, a.Key.Name) == (collection, ns, name) && a.Key.Manager != manager)
                .Select(a => a.Value);
            ServerSideMerge.Apply(result, stated, _applied.GetValueOrDefault((collection, ns, name, manager)), [.. others]);
            _applied[(collection, ns, name, manager)] = stated;
            return result;
        });

    public JsonObject? Delete(string collection, string ns, string name)
    {
        lock (_gate)
        {
            if (!_objects.Remove((collection, ns, name), out var gone))
                return null;
            gone = Clone(gone);
            Stamp(gone);
            foreach (var applied in _applied.Keys.Where(a => (a.Collection, a.Namespace, a.Name) == (collection, ns, name)).ToList())
                _applied.Remove(applied);
            Publish(new(_version, collection, "DELETED", gone, gone));
            return gone;
        }
    }

    /// <summary>A reader of what comes after <paramref name="since"/>, or null when that is no longer known.</summary>
    public Watcher? Watch(string collection, string ns, long since, Func<JsonObject, bool> selected)
    {
        lock (_gate)
        {
            if (since < _compacted)
                return null;
            var watcher = new Watcher(
                change => change.Collection == collection && (ns.Length == 0 || (string?)change.Object["metadata"]?["namespace"] == ns),
                selected);
            foreach (var change in _history.Where(change => change.Version > since))
                watcher.Offer(change);
            _watchers.Add(watcher);
            return watcher;
        }
    }

    public void Forget(Watcher watcher)
    {
        lock (_gate)
            _watchers.Remove(watcher);
    }

    public void Compact()
    {
        lock (_gate)
        {
            _compacted = _version;
            _history.Clear();
        }
    }

    public void Bookmark()
    {
        lock (_gate)
        {
            _version++;
            var mark = new JsonObject
            {
                ["metadata"] = new JsonObject { ["resourceVersion"] = _version.ToString(CultureInfo.InvariantCulture) },
            };
            foreach (var watcher in _watchers)
                watcher.Send(new(WatchStep.Line, Line("BOOKMARK", mark)));
        }
    }

    public void EndWatches(WatchStep how)
    {
        lock (_gate)
        {
            foreach (var watcher in _watchers)
                watcher.Send(new(how, ""));
        }
    }

    private static JsonObject Clone(JsonObject item) => (JsonObject)item.DeepClone();

    private static string Line(string type, JsonObject item) =>
        new JsonObject { ["type"] = type, ["object"] = item.DeepClone() }.ToJsonString();

    private void Stamp(JsonObject item) =>
        item["metadata"]!["resourceVersion"] = (++_version).ToString(CultureInfo.InvariantCulture);

    private void Publish(Change change)
    {
        _history.Add(change);
        foreach (var watcher in _watchers)
            watcher.Offer(change);
    }

    /// <param name="Old">The object before the change; null where there was none.</param>
    internal sealed record Change(long Version, string Collection, string Type, JsonObject Object, JsonObject? Old);

    /// <param name="concerns">Whether a change is one of the watched objects.</param>
    /// <param name="selected">
    /// The selector. An object that it no longer matches is gone for the watch, and one that it matches now is new.
    /// </param>
    internal sealed class Watcher(Func<Change, bool> concerns, Func<JsonObject, bool> selected)
    {
        private readonly Channel<(WatchStep Step, string Line)> _steps = Channel.CreateUnbounded<(WatchStep, string)>();

        public ChannelReader<(WatchStep Step, string Line)> Steps => _steps.Reader;

        public void Offer(Change change)
        {
            if (!concerns(change))
                return;
            var type = (change.Old is not null && selected(change.Old), change.Type != "DELETED" && selected(change.Object)) switch
            {
                (false, true) => "ADDED",
                (true, true) => "MODIFIED",
                (true, false) => "DELETED",
                _ => null,
            };
            if (type is not null)
                Send(new(WatchStep.Line, Line(type, change.Object)));
        }

        public void Send((WatchStep Step, string Line) step) => _steps.Writer.TryWrite(step);
    }
}

internal enum WatchStep
{
    Line,
    End,
    Abort,
}
