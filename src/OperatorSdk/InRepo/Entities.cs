using k8s;
using k8s.Models;

namespace KubeOps.Abstractions.Entities
{
    /// <summary>A custom resource. Its group, version and kind come from a <see cref="KubernetesEntityAttribute"/>.</summary>
    public abstract class CustomKubernetesEntity : KubernetesObject, IKubernetesObject<V1ObjectMeta>
    {
        public V1ObjectMeta Metadata { get; set; } = new();
    }

    public enum EntityScope
    {
        Namespaced,
        Cluster,
    }
}

namespace KubeOps.Abstractions.Entities.Attributes
{
    [AttributeUsage(AttributeTargets.Class, Inherited = false)]
    public class EntityScopeAttribute(EntityScope scope = default) : Attribute
    {
        public EntityScope Scope => scope;
    }

    /// <summary>Short names for kubectl.</summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
    public class KubernetesEntityShortNamesAttribute(params string[] shortNames) : Attribute
    {
        public string[] ShortNames => shortNames;
    }

    /// <summary>A printer column with a JSON path into the object.</summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
    public class GenericAdditionalPrinterColumnAttribute(string jsonPath, string name, string type) : Attribute
    {
        public string JsonPath => jsonPath;

        public string Name => name;

        /// <summary>A type of OpenAPI, or <c>date</c>.</summary>
        public string Type => type;

        public string? Description { get; init; }
    }
}
