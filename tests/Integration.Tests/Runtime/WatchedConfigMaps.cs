using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Turnpike.Hosting.Apply;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Watch;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Kubernetes;
using static Turnpike.Tests.Support.Kubernetes.KubeObjects;

namespace Turnpike.Tests.Integration.Runtime;

/// <summary>A running informer of the ConfigMaps of one namespace, and a log of what it told.</summary>
internal sealed class WatchedConfigMaps : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly KubeApi _client;
    private readonly List<string> _told = [];
    private readonly Task _run;

    /// <param name="client">Its own way to the API server; the informer's from now on.</param>
    /// <param name="query">Which of them.</param>
    /// <param name="watchTimeout">How long a watch may last, where that matters.</param>
    public WatchedConfigMaps(KubeApi client, ResourceQuery query, TimeSpan? watchTimeout = null)
    {
        _client = client;
        var options = new InformerOptions
        {
            Query = query,
            BackoffMin = TimeSpan.FromMilliseconds(50),
            BackoffMax = TimeSpan.FromMilliseconds(500),
        };
        if (watchTimeout is { } timeout)
            options = options with { WatchTimeout = timeout, Jitter = () => 0.5 };
        Informer = new(client, Kind.ConfigMaps, ValueOf, options, NullLogger<Informer<string>>.Instance, TimeProvider.System);
        Informer.AddHandler(Note);
        _run = Task.Run(() => Informer.RunAsync(_stop.Token));
    }

    public Informer<string> Informer { get; }

    /// <summary>Every change so far: <c>+name=value</c>, <c>~name=value</c>, <c>-name</c>.</summary>
    public string Told
    {
        get
        {
            lock (_told)
                return string.Join(' ', _told);
        }
    }

    public void Forget()
    {
        lock (_told)
            _told.Clear();
    }

    public Task Synced() => Informer.Synced.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    public async Task ToldOf(string changes) => await Wait.For(_ => Task.FromResult(Told), told => told == changes, changes);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run.WaitAsync(TimeSpan.FromSeconds(30));
        _client.Dispose();
        _stop.Dispose();
    }

    public static Task PutAsync(KubeApi api, string ns, string name, string value, CancellationToken ct) =>
        new ServerSideApply(api, "test").ApplyAsync(Kind.ConfigMaps, new(ns, name), Parse($$"""{"data":{"v":"{{value}}"} }"""), ct);

    public static Task RemoveAsync(KubeApi api, string ns, string name, CancellationToken ct) =>
        api.DeleteAsync(Kind.ConfigMaps, new(ns, name), null, ct);

    private static string ValueOf(JsonElement json) => json.TextAt("data.v") ?? "";

    private void Note(ObjectChange<string> change)
    {
        lock (_told)
        {
            _told.Add(change switch
            {
                { Old: null } => $"+{change.Key.Name}={change.New}",
                { New: null } => $"-{change.Key.Name}",
                _ => $"~{change.Key.Name}={change.New}",
            });
        }
    }
}
