using Turnpike.Tests.Support.Kubernetes;

namespace Turnpike.Tests.Integration.Install;

/// <summary>An API server that has nothing of ours, for tests that would disturb others: they install, uninstall, restart.</summary>
public sealed class OwnApiServer : ApiServer
{
    protected override Task PrepareAsync() => Task.CompletedTask;
}

[CollectionDefinition]
public sealed class WithOwnApiServer : ICollectionFixture<OwnApiServer>;
