using Turnpike.Hosting.Client;
using Turnpike.Tests.Support.Kubernetes;

namespace Turnpike.Tests.Integration.Runtime;

/// <summary>A real API server, by the cases that Hosting.Tests runs against the fake one.</summary>
public sealed class RealApiServerTests(ApiServerFixture server) : ApiServerCases, IAsyncLifetime
{
    private string _namespace = "";

    protected override KubeApi Server => server.Api;

    protected override string Namespace => _namespace;

    public async ValueTask InitializeAsync() => _namespace = await server.CreateNamespaceAsync(TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
