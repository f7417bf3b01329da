using Microsoft.Extensions.DependencyInjection;
using Turnpike.Hosting;
using Turnpike.Hosting.Client;

namespace Turnpike.OperatorSdk;

/// <summary>Which API server the operator works with: the same call in both modes.</summary>
public static class OperatorApi
{
    /// <summary>Has the runtime go to this API server.</summary>
    /// <param name="services">Of the host. To be called before <c>AddKubernetesOperator</c>, which looks for an API server by itself otherwise.</param>
    /// <param name="kubeconfig">Null: the cluster that the pod runs in, else the user's own kubeconfig.</param>
    /// <param name="ns">The namespace that the operator lives in, whatever the kubeconfig says.</param>
    public static IServiceCollection AddOperatorApi(this IServiceCollection services, string? kubeconfig, string ns) =>
        services.AddKubeApi(() => KubeEndpoint.Of(kubeconfig).Within(ns));
}
