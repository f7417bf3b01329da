using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Turnpike.Hosting;
using Turnpike.Hosting.Client;
using k8s;

namespace Turnpike.OperatorSdk;

/// <summary>Which API server the operator works with: the same call in both modes.</summary>
public static class OperatorApi
{
    /// <summary>Has our runtime and KubeOps' watches go to the same API server, with the same rules of whom to trust.</summary>
    /// <param name="services">Of the host. To be called before <c>AddKubernetesOperator</c>, which looks for an API server by itself otherwise.</param>
    /// <param name="kubeconfig">Null: the cluster that the pod runs in, else the user's own kubeconfig.</param>
    /// <param name="ns">The namespace that the operator lives in, whatever the kubeconfig says.</param>
    public static IServiceCollection AddOperatorApi(this IServiceCollection services, string? kubeconfig, string ns)
    {
        KubeEndpoint Endpoint() => KubeEndpoint.Of(kubeconfig).Within(ns);
        services.TryAddSingleton<KubernetesClientConfiguration>(_ => Endpoint().ClientConfiguration);
        return services.AddKubeApi(Endpoint);
    }
}
