using System.Reflection;
using k8s.Models;
using Turnpike.Hosting.Client;

namespace Turnpike.OperatorSdk.Engine;

internal static class EntityKind
{
    /// <summary>Returns the kind that the attribute of an entity's class names.</summary>
    public static ResourceRef Of(Type entity)
    {
        var said = entity.GetCustomAttribute<KubernetesEntityAttribute>()
            ?? throw new InvalidOperationException($"{entity.FullName}: needs a {nameof(KubernetesEntityAttribute)}, which names its kind");
        var kind = Given(said.Kind) ?? entity.Name;
        return new(said.Group ?? "", Given(said.ApiVersion) ?? "v1", Given(said.PluralName) ?? kind.ToLowerInvariant() + "s", kind);
    }

    private static string? Given(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
