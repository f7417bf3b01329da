using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Watch;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.FakeApiServer;

namespace Turnpike.Tests.Hosting.Watch;

internal sealed record Thing(string Name, string Value, string Uid, string Version)
{
    public static readonly ResourceRef Resource = new("", "v1", "configmaps", "ConfigMap");

    public static Thing Read(JsonElement json) => new(
        json.Key().Name,
        json.Child("data")?.Text("v") ?? throw new FormatException("data.v is missing"),
        json.Uid(),
        json.ResourceVersion());
}

/// <summary>A running informer of config maps over a fake API server, in virtual time, and a log of what it told.</summary>
internal sealed class InformerFixture : IAsyncDisposable
{
    public const string Collection = "v1/configmaps";
    private const string Namespace = "default";

    private readonly CancellationTokenSource _stop = new();
    private readonly KubeApi _client;
    private readonly List<string> _told = [];
    private Task _run = Task.CompletedTask;

    private InformerFixture(FakeApi api, InformerOptions? options)
    {
        Api = api;

        // Virtual time runs a hundred times as fast as ours: what is not under test must not end by it on a busy machine.
        Options = (options ?? new() { Query = new() { PageSize = 3 } }) with { WatchTimeout = TimeSpan.FromHours(1) };
        _client = new(KubeEndpoint.At(api.Url));
        Informer = new(_client, Thing.Resource, Thing.Read, Options, NullLogger<Informer<Thing>>.Instance, Clock);
        Informer.AddHandler(change => Note(change switch
        {
            { Old: null, New: { } added } => $"+{added.Name}={added.Value}",
            { Old: { } gone, New: null } => $"-{gone.Name}",
            _ => $"~{change.New!.Name}={change.New.Value}",
        }));
    }

    public FakeTimeProvider Clock { get; } = new(DateTimeOffset.Parse("2026-06-01T00:00:00Z", CultureInfo.InvariantCulture));

    public FakeApi Api { get; }

    public InformerOptions Options { get; }

    public Informer<Thing> Informer { get; }

    public int Lists => Api.Requests.Count(request => !request.IsWatch && !request.Query.Contains("continue", StringComparison.Ordinal));

    public int Watches => Api.Requests.Count(request => request.IsWatch);

    public string Told
    {
        get
        {
            lock (_told)
                return string.Join(' ', _told);
        }
    }

    public IReadOnlyList<string> TakeTold()
    {
        lock (_told)
        {
            string[] taken = [.. _told];
            _told.Clear();
            return taken;
        }
    }

    /// <summary>An informer that has its first list and an open watch.</summary>
    public static async Task<InformerFixture> StartAsync(InformerOptions? options = null, Action<InformerFixture>? before = null)
    {
        var fixture = new InformerFixture(await FakeApi.StartAsync(), options);
        before?.Invoke(fixture);
        fixture._run = Task.Run(() => fixture.Informer.RunAsync(fixture._stop.Token));
        await fixture.Until(() => fixture.Informer.Synced.IsCompletedSuccessfully, "first list");
        await fixture.WatchOpen();
        return fixture;
    }

    public void Put(string name, string value, string? uid = null)
    {
        var item = new JsonObject { ["metadata"] = new JsonObject(), ["data"] = new JsonObject { ["v"] = value } };
        if (uid is not null)
            item["metadata"]!["uid"] = uid;
        Api.Put(Collection, Namespace, name, item);
    }

    public void PutRaw(string name, string json) => Api.Put(Collection, Namespace, name, JsonNode.Parse(json)!.AsObject());

    public void Remove(string name) => Api.Remove(Collection, Namespace, name);

    public Task WatchOpen() => Until(() => Api.OpenWatches == 1, "an open watch");

    public Task Until(Func<bool> condition, string what) => Wait.Until(condition, $"{what}; told: {Told}", Clock);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run.WaitAsync(TimeSpan.FromSeconds(10));
        _client.Dispose();
        await Api.DisposeAsync();
        _stop.Dispose();
    }

    private void Note(string line)
    {
        lock (_told)
            _told.Add(line);
    }
}
