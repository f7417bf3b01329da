using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Turnpike.Hosting;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Watch;
using Turnpike.Injector;

namespace Turnpike.Webhooks;

/// <summary>
/// The LimitRanges and ResourceQuotas of each namespace, from the caches of two informers, so that a review sends no request. An object
/// that has not been read yet is not considered; the API server checks the pod in any case.
/// </summary>
public sealed class ResourceConstraintsIndex(Func<string, ResourceConstraints> of)
{
    public ResourceConstraints Of(string ns) => of(ns);

    internal static void AddTo(IServiceCollection services)
    {
        services.AddInformer(
            KnownResources.LimitRanges, json => new Ranges(json.Key().Namespace, ContainerRange.Read(JsonObject.Create(json)!)));
        services.AddInformer(
            KnownResources.ResourceQuotas, json => new Quotas(json.Key().Namespace, Quota.Read(JsonObject.Create(json)!)));
        services.AddSingleton(provider =>
        {
            var (ranges, quotas) = (provider.GetRequiredService<ObjectCache<Ranges>>(), provider.GetRequiredService<ObjectCache<Quotas>>());
            return new ResourceConstraintsIndex(ns => new ResourceConstraints(
                [.. ranges.List().Where(one => one.Namespace == ns).SelectMany(one => one.Items)],
                [.. quotas.List().Where(one => one.Namespace == ns).SelectMany(one => one.Lines)]));
        });
    }

    internal sealed record Ranges(string Namespace, ImmutableArray<ContainerRange> Items);

    internal sealed record Quotas(string Namespace, ImmutableArray<Quota> Lines);
}
