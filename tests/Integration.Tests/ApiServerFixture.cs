using Turnpike.Tests.Support.Kubernetes;

[assembly: AssemblyFixture(typeof(Turnpike.Tests.Integration.ApiServerFixture))]

namespace Turnpike.Tests.Integration;

/// <summary>
/// An API server with our custom resource definitions and nothing else of ours, one for all tests that need no more: take it as a
/// constructor parameter, and take a namespace of your own from it.
/// </summary>
public sealed class ApiServerFixture : ApiServer
{
    protected override Task PrepareAsync() => DefineKindsAsync();
}
