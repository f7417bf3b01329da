using Turnpike.Hosting.Client;
using Turnpike.Tests.Support.FakeApiServer;
using Turnpike.Tests.Support.Kubernetes;

namespace Turnpike.Tests.Hosting;

/// <summary>The fake API server, by the cases that Integration.Tests runs against a real one.</summary>
public sealed class FakeApiServerTests : ApiServerCases, IAsyncLifetime
{
    private FakeApi _server = null!;
    private KubeApi _api = null!;

    protected override KubeApi Server => _api;

    protected override string Namespace => "test";

    public async ValueTask InitializeAsync()
    {
        _server = await FakeApi.StartAsync();
        _api = new(KubeEndpoint.At(_server.Url));
    }

    public async ValueTask DisposeAsync()
    {
        _api.Dispose();
        await _server.DisposeAsync();
    }
}
