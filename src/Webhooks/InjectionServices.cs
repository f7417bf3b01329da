using Microsoft.Extensions.DependencyInjection;
using Turnpike.Api;
using Turnpike.Hosting;

namespace Turnpike.Webhooks;

public static class InjectionServices
{
    /// <summary>The injection webhook, and what it goes by: settings, limits of namespaces, versions, proven images. Needs a KubeApi and discovery.</summary>
    public static IServiceCollection AddInjection(this IServiceCollection services, Profile profile)
    {
        ResourceConstraintsIndex.AddTo(services);
        services.AddInformer(ClusterVersions.Nodes, ClusterVersions.Decode);
        services.AddSingleton<ClusterVersions>().AddHostedService(provider => provider.GetRequiredService<ClusterVersions>());
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
