using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Turnpike.Hosting;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Reconcile;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.FakeApiServer;

namespace Turnpike.Tests.Hosting.Reconcile;

public sealed class LeaderServiceTests : IAsyncLifetime
{
    private const string Collection = "coordination.k8s.io/v1/leases";

    private FakeApi _api = null!;

    private JsonObject? Lease => _api.Find(Collection, "system", "lock")?["spec"]?.AsObject();

    public async ValueTask InitializeAsync() => _api = await FakeApi.StartAsync();

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    /// <summary>A host that has no time left to stop is disposed of while its services still run.</summary>
    [Fact]
    public async Task Disposal_WaitsForTheTasks_AndReleasesTheLease()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var task = new SlowTask();
        builder.Services.AddKubeApi(() => KubeEndpoint.At(_api.Url));
        builder.Services.AddLeaderElection(_ => new LeaderElectionOptions(new("system", "lock"), "a"));
        builder.Services.AddSingleton<ILeaderTask>(task);
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        await Wait.Until(() => task.IsRunning, "the task");
        await host.StopAsync(new CancellationToken(canceled: true));

        var disposal = ((IAsyncDisposable)host).DisposeAsync().AsTask();
        Assert.False(disposal.IsCompleted);
        Assert.Equal("a", (string?)Lease!["holderIdentity"]);

        task.End();
        await disposal.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal("", (string?)Lease!["holderIdentity"]);
    }

    [Fact]
    public async Task Client_SaysThatItIsDisposed()
    {
        var client = new KubeApi(KubeEndpoint.At(_api.Url));
        client.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(
            () => client.GetAsync(KnownResources.Leases, new("system", "lock"), TestContext.Current.CancellationToken));
    }

    private sealed class SlowTask : ILeaderTask
    {
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile bool _isRunning;

        public bool IsRunning => _isRunning;

        public Task RunAsync(CancellationToken term)
        {
            _isRunning = true;
            return _end.Task;
        }

        public void End() => _end.SetResult();
    }
}
