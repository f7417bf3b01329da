using Microsoft.Extensions.DependencyInjection;
using Turnpike.Api;
using Turnpike.Hosting;
using Turnpike.Hosting.Client;
using Turnpike.Injector.Config;

namespace Turnpike.Webhooks;

public static class InjectionServices
{
    /// <summary>
    /// Registers the injection webhook with its settings, the limits of namespaces, versions and proven images. It needs a KubeApi and
    /// discovery.
    /// </summary>
    /// <param name="services">The operator's services.</param>
    /// <param name="profile">The names of the installation.</param>
    /// <param name="proxyImage">
    /// The image of the sidecar when the settings name none. It is that of the managed ingress, which has to run first.
    /// </param>
    public static IServiceCollection AddInjection(this IServiceCollection services, Profile profile, string proxyImage)
    {
        ResourceConstraintsIndex.AddTo(services);
        services.AddInformer(KnownResources.Nodes, ClusterVersions.Decode);
        services.AddSingleton<ClusterVersions>().AddHostedService(provider => provider.GetRequiredService<ClusterVersions>());
        services.AddSingleton(InjectConfig.Of(profile) with { ProxyImage = proxyImage });
        services.AddSingleton<InjectionSettings>().AddSingleton<ImageProofs>().AddSingleton<InjectionReport>();
        return services.AddSingleton(provider =>
        {
            var (versions, proofs) = (provider.GetRequiredService<ClusterVersions>(), provider.GetRequiredService<ImageProofs>());
            return new InjectionWebhook(
                provider.GetRequiredService<InjectionSettings>(),
                provider.GetRequiredService<ResourceConstraintsIndex>(),
                new InjectionFacts(() => versions.HasNativeSidecars, proofs.IsProven, profile.SelfTestNamespace),
                provider.GetRequiredService<InjectionReport>());
        });
    }
}
