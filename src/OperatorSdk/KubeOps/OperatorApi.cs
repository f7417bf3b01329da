using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Turnpike.Hosting;
using Turnpike.Hosting.Client;
using k8s;

namespace Turnpike.OperatorSdk;

/// <summary>Sets the API server that the operator works with, by the same call in both modes.</summary>
public static class OperatorApi
{
    /// <summary>Makes Hosting and the watches of KubeOps use the same API server, authorities and credentials.</summary>
    /// <param name="services">
    /// The host's services. <c>AddKubernetesOperator</c>, called later, would otherwise choose an API server.
    /// </param>
    /// <param name="kubeconfig">The kubeconfig; null for the pod's cluster, or outside a pod for the user's kubeconfig.</param>
    /// <param name="ns">The operator's namespace, which replaces that of the kubeconfig.</param>
    public static IServiceCollection AddOperatorApi(this IServiceCollection services, string? kubeconfig, string ns)
    {
        KubeEndpoint Endpoint() => KubeEndpoint.Of(kubeconfig).Within(ns);
        services.TryAddSingleton<KubernetesClientConfiguration>(_ => Endpoint().ClientConfiguration);
        return services.AddKubeApi(Endpoint);
    }
}
