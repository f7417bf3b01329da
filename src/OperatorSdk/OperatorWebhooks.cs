using System.Reflection;
using KubeOps.Operator.Web.Webhooks.Admission.Validation;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Turnpike.Hosting.Admission;

namespace Turnpike.OperatorSdk;

/// <summary>
/// Serves webhook classes from the admission endpoints of Hosting, in both modes. KubeOps serves them with MVC, which reads request bodies
/// of any size and number; these endpoints stay within <see cref="AdmissionLimits"/>.
/// </summary>
public static class OperatorWebhooks
{
    /// <summary>Registers the webhook classes of an assembly, which have a <see cref="ValidationWebhookAttribute"/>.</summary>
    public static IServiceCollection AddOperatorWebhooks(this IServiceCollection services, Assembly assembly)
    {
        services.AddAdmission();
        foreach (var webhook in Find(assembly))
            services.TryAddScoped(webhook.Type);
        return services;
    }

    /// <summary>Maps each webhook class to <c>/validate/</c> and the name of its entity.</summary>
    public static void MapOperatorWebhooks(this IEndpointRouteBuilder endpoints, Assembly assembly)
    {
        var scopes = endpoints.ServiceProvider.GetRequiredService<IServiceScopeFactory>();
        foreach (var (type, entity, path) in Find(assembly))
        {
            var endpoint = Activator.CreateInstance(typeof(ValidationEndpoint<,>).MakeGenericType(type, entity), scopes)!;
            var handler = endpoint.GetType().GetMethod("HandleAsync")!.CreateDelegate<AdmissionHandler>(endpoint);
            var onFailure = type.GetCustomAttribute<FailurePolicyAttribute>()?.OnFailure ?? AdmissionFailure.Deny;
            endpoints.MapAdmission(path, handler, new AdmissionOptions { OnFailure = onFailure });
        }
    }

    private static IEnumerable<(Type Type, Type Entity, string Path)> Find(Assembly assembly) =>
        from type in assembly.GetTypes()
        where !type.IsAbstract
        let attribute = type.GetCustomAttribute<ValidationWebhookAttribute>()
        where attribute is not null
        select (type, EntityOf(type), attribute.Uri.OriginalString);

    private static Type EntityOf(Type webhook)
    {
        for (var type = webhook; type is not null; type = type.BaseType)
        {
            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValidationWebhook<>))
                return type.GetGenericArguments()[0];
        }

        throw new InvalidOperationException(
            $"{webhook.FullName}: has a {nameof(ValidationWebhookAttribute)} and must derive from ValidationWebhook");
    }
}
