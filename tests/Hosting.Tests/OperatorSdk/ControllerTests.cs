using System.Globalization;
using System.Text.Json.Nodes;
using KubeOps.Abstractions.Builder;
using KubeOps.Abstractions.Reconciliation;
using KubeOps.Operator;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Turnpike.Hosting.Client;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.FakeApiServer;

namespace Turnpike.Tests.Hosting.OperatorSdk;

public sealed class ControllerTests : IAsyncLifetime
{
    private const string Collection = "test.turnpike.io/v1/widgets";

    private readonly FakeTimeProvider _clock = new(DateTimeOffset.Parse("2026-06-01T00:00:00Z", CultureInfo.InvariantCulture));
    private readonly List<IHost> _hosts = [];
    private FakeApi _api = null!;

    public async ValueTask InitializeAsync() => _api = await FakeApi.StartAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await StopAsync(host);
        await _api.DisposeAsync();
    }

    [Fact]
    public async Task Entity_IsReconciled_WhenItIsNewChangedOrGone()
    {
        Put("a", 1, generation: 1);
        var (_, log) = await StartAsync();
        await Until(() => log.Text == "a=1", log);

        Put("a", 2, generation: 2);
        await Until(() => log.Text == "a=1 a=2", log);

        Put("b", 5, generation: 1);
        await Until(() => log.Text == "a=1 a=2 b=5", log);

        _api.Remove(Collection, "shop", "a");
        await Until(() => log.Text == "a=1 a=2 b=5 -a=2", log);
    }

    [Fact]
    public async Task Entity_IsLeftAlone_WhenOnlyItsStatusChanges()
    {
        Put("a", 1, generation: 1);
        var (_, log) = await StartAsync();
        await Until(() => log.Text == "a=1", log);

        Put("a", 1, generation: 1, phase: "Ready");
        Put("b", 1, generation: 1);
        await Until(() => log.Text == "a=1 b=1", log);
    }

    [Fact]
    public async Task Failure_IsTriedAgain_UntilItSucceeds()
    {
        var (_, log) = await StartAsync();
        var calls = 0;
        log.Answer = widget => Interlocked.Increment(ref calls) switch
        {
            1 => throw new InvalidOperationException("boom"),
            < 5 => ReconciliationResult<Widget>.Failure(widget, "not yet"),
            _ => ReconciliationResult<Widget>.Success(widget),
        };
        Put("a", 1, generation: 1);

        await Until(() => calls == 5, log);
        Assert.Equal("a=1 a=1 a=1 a=1 a=1", log.Text);
    }

    [Fact]
    public async Task Deletion_IsTriedAgain_WithTheLastKnownEntity()
    {
        Put("a", 4, generation: 1);
        var (_, log) = await StartAsync();
        await Until(() => log.Text == "a=4", log);

        var calls = 0;
        log.Answer = widget => Interlocked.Increment(ref calls) < 3
            ? ReconciliationResult<Widget>.Failure(widget, "not yet")
            : ReconciliationResult<Widget>.Success(widget);
        _api.Remove(Collection, "shop", "a");

        await Until(() => log.Text == "a=4 -a=4 -a=4 -a=4", log);
    }

    [Fact]
    public async Task RequeueAfter_ComesAgain()
    {
        var (_, log) = await StartAsync();
        var calls = 0;
        log.Answer = widget => ReconciliationResult<Widget>.Success(
            widget, Interlocked.Increment(ref calls) < 3 ? TimeSpan.FromSeconds(5) : null);
        Put("a", 1, generation: 1);

        await Until(() => calls == 3, log);
    }

    private static async Task StopAsync(IHost host)
    {
        await host.StopAsync(CancellationToken.None);
        host.Dispose();
    }

    private static JsonObject Stored(string name, int size, int generation, string? phase) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = name, ["generation"] = generation },
        ["spec"] = new JsonObject { ["size"] = size },
        ["status"] = new JsonObject { ["phase"] = phase },
    };

    private void Put(string name, int size, int generation, string? phase = null) =>
        _api.Put(Collection, "shop", name, Stored(name, size, generation, phase));

    private async Task<(IHost Host, WidgetLog Log)> StartAsync()
    {
        var log = new WidgetLog();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddLogging();
        builder.Services.AddSingleton<TimeProvider>(_clock);
        builder.Services.AddSingleton(new KubeApi(KubeEndpoint.At(_api.Url)));
        builder.Services.AddSingleton(log);
        builder.Services.AddKubernetesOperator(settings => settings.WithName("widgets")).AddController<WidgetController, Widget>();
        var host = builder.Build();
        _hosts.Add(host);
        await host.StartAsync(TestContext.Current.CancellationToken);
        return (host, log);
    }

    private Task Until(Func<bool> condition, WidgetLog log) => Wait.Until(condition, $"reconciliations; so far: {log.Text}", _clock);
}
