using System.Reflection;
using Turnpike.Hosting.Client;
using k8s.Models;

namespace Turnpike.OperatorSdk.Engine;

internal static class EntityKind
{
    /// <summary>The kind that an entity's class says it is.</summary>
    public static ResourceRef Of(Type entity)
    {
        var said = entity.GetCustomAttribute<KubernetesEntityAttribute>()
            ?? throw new InvalidOperationException($"{entity.FullName}: has no {nameof(KubernetesEntityAttribute)}, its kind is unknown");
        var kind = Given(said.Kind) ?? entity.Name;
        return new(said.Group ?? "", Given(said.ApiVersion) ?? "v1", Given(said.PluralName) ?? kind.ToLowerInvariant() + "s", kind);
    }

    private static string? Given(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
