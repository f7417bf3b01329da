using Microsoft.Extensions.DependencyInjection;
using Turnpike.Api;
using Turnpike.Hosting;
using Turnpike.Injector.Config;

namespace Turnpike.Webhooks;

public static class InjectionServices
{
    /// <summary>The injection webhook, and what it goes by: settings, limits of namespaces, versions, proven images. Needs a KubeApi and discovery.</summary>
    /// <param name="services">Of the operator.</param>
    /// <param name="profile">The names of the installation.</param>
    /// <param name="proxyImage">The image of the sidecar where the settings name none: that of the managed ingress, which has to run first.</param>
    public static IServiceCollection AddInjection(this IServiceCollection services, Profile profile, string proxyImage)
    {
        ResourceConstraintsIndex.AddTo(services);
        services.AddInformer(ClusterVersions.Nodes, ClusterVersions.Decode);
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
