using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Turnpike.Hosting.Apply;
using Turnpike.Hosting.Client;
using Turnpike.Tests.Support.FakeApiServer;

namespace Turnpike.Tests.Hosting.Apply;

public sealed class EventPublisherTests : IAsyncLifetime
{
    private const string Collection = "events.k8s.io/v1/events";
    private static readonly EventSubject Subject = new(new("g.io", "v1", "things", "Thing"), new("default", "a"), "uid-1");

    private readonly FakeTimeProvider _clock = new(DateTimeOffset.Parse("2026-06-01T00:00:00Z", CultureInfo.InvariantCulture));
    private FakeApi _server = null!;
    private KubeApi _api = null!;
    private EventPublisher _publisher = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await FakeApi.StartAsync();
        _api = new(KubeEndpoint.At(_server.Url));
        _publisher = new(_api, "turnpike.io/operator", "pod-1", NullLogger<EventPublisher>.Instance, _clock);
    }

    public async ValueTask DisposeAsync()
    {
        _api.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Event_SaysWhatHappenedToWhat()
    {
        await PublishAsync("cannot find it");

        var made = Assert.Single(_server.All(Collection));
        Assert.Equal("default", (string?)made["metadata"]!["namespace"]);
        Assert.Equal(
            """{"apiVersion":"g.io/v1","kind":"Thing","name":"a","uid":"uid-1","namespace":"default"}""",
            made["regarding"]!.ToJsonString());
        Assert.Equal(
            ("Warning", "NotFound", "Route", "cannot find it", "turnpike.io/operator", "pod-1", "2026-06-01T00:00:00.000000Z"),
            ((string?)made["type"], (string?)made["reason"], (string?)made["action"], (string?)made["note"],
                (string?)made["reportingController"], (string?)made["reportingInstance"], (string?)made["eventTime"]));
        Assert.Null(made["series"]);
    }

    [Fact]
    public async Task Event_ThatRepeats_IsCounted()
    {
        for (var i = 0; i < 3; i++)
        {
            await PublishAsync("again");
            _clock.Advance(TimeSpan.FromSeconds(10));
        }

        await PublishAsync("something else");
        Assert.Equal(2, _server.All(Collection).Count);
        var counted = _server.All(Collection).Single(item => (string?)item["note"] == "again");
        Assert.Equal(
            (3, "2026-06-01T00:00:20.000000Z"), ((int)counted["series"]!["count"]!, (string?)counted["series"]!["lastObservedTime"]));
    }

    [Fact]
    public async Task Event_ThatTheServerHasForgotten_IsMadeAnew()
    {
        await PublishAsync("again");
        var first = Assert.Single(_server.All(Collection));
        _server.Remove(Collection, "default", (string)first["metadata"]!["name"]!);
        await PublishAsync("again");

        Assert.NotEqual(first["metadata"]!["name"]!.ToString(), Assert.Single(_server.All(Collection))["metadata"]!["name"]!.ToString());
    }

    [Fact]
    public async Task Event_AfterALongSilence_IsNews()
    {
        await PublishAsync("again");
        _clock.Advance(TimeSpan.FromMinutes(11));
        await PublishAsync("again");
        Assert.Equal(2, _server.All(Collection).Count);
    }

    [Fact]
    public async Task Flood_IsLimited_WithoutLosingCount()
    {
        for (var i = 0; i < 500; i++)
            await PublishAsync("flood");
        Assert.Equal(25, _server.Requests.Count);

        _clock.Advance(TimeSpan.FromMinutes(5));
        await PublishAsync("flood");
        Assert.Equal(26, _server.Requests.Count);
        Assert.Equal(501, (int)Assert.Single(_server.All(Collection))["series"]!["count"]!);

        await PublishAsync("flood", Subject with { Uid = "uid-2" });
        Assert.Equal(27, _server.Requests.Count);
    }

    [Fact]
    public async Task Failure_HurtsNobody()
    {
        _server.Faults = _ => new(500);
        await PublishAsync("lost");
        _server.Faults = null;
        await PublishAsync("lost");
        Assert.Single(_server.All(Collection));
    }

    [Fact]
    public async Task LongWords_AreCutToWhatTheServerTakes()
    {
        var subject = Subject with { Key = new("", new string('n', 253)) };
        await PublishAsync(new string('x', 3000), subject);

        var made = Assert.Single(_server.All(Collection));
        Assert.Equal(1024, ((string)made["note"]!).Length);
        Assert.Equal(("kube-system", 253), ((string?)made["metadata"]!["namespace"], ((string)made["metadata"]!["name"]!).Length));
    }

    private Task PublishAsync(string note, EventSubject? subject = null) => _publisher.PublishAsync(
        subject ?? Subject, EventSeverity.Warning, "NotFound", "Route", note, TestContext.Current.CancellationToken);
}
