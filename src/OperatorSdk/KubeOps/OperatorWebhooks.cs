using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Turnpike.OperatorSdk;

/// <summary>The seam that KubeOps' own set-up of webhooks (MVC controllers) has no name for: the same two calls in both modes.</summary>
public static class OperatorWebhooks
{
    /// <summary>Registers the webhook classes of an assembly.</summary>
    public static IServiceCollection AddOperatorWebhooks(this IServiceCollection services, Assembly assembly)
    {
        services.AddControllers().AddApplicationPart(assembly);
        return services;
    }

    /// <summary>Maps them. KubeOps maps every controller that is registered.</summary>
    public static void MapOperatorWebhooks(this IEndpointRouteBuilder endpoints, Assembly assembly) => endpoints.MapControllers();
}
