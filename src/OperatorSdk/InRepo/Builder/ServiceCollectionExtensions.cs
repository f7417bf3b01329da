using KubeOps.Abstractions.Builder;
using Microsoft.Extensions.DependencyInjection;
using Turnpike.OperatorSdk.Engine;

namespace KubeOps.Operator;

public static class ServiceCollectionExtensions
{
    /// <summary>Makes the host an operator.</summary>
    public static IOperatorBuilder AddKubernetesOperator(
        this IServiceCollection services, Action<OperatorSettingsBuilder>? configure = null)
    {
        var settings = new OperatorSettingsBuilder();
        configure?.Invoke(settings);
        return new OperatorBuilder(services, settings.Build());
    }
}
