namespace KubeOps.Abstractions.Rbac;

/// <summary>What may be done.</summary>
[Flags]
public enum RbacVerb
{
    None = 0,

    /// <summary>Everything, written <c>*</c>.</summary>
    All = 1 << 0,

    Get = 1 << 1,
    List = 1 << 2,
    Watch = 1 << 3,
    Create = 1 << 4,
    Update = 1 << 5,
    Patch = 1 << 6,
    Delete = 1 << 7,

    /// <summary>Everything, each verb by its name.</summary>
    AllExplicit = 1 << 8,
}

/// <summary>A permission that the operator needs.</summary>
public abstract class RbacAttribute : Attribute;

/// <summary>A permission on entities.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public class EntityRbacAttribute(params Type[] entities) : RbacAttribute
{
    public IEnumerable<Type> Entities => entities;

    public RbacVerb Verbs { get; init; }
}

/// <summary>A permission on anything.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public class GenericRbacAttribute : RbacAttribute
{
    public string[] Groups { get; init; } = [];

    public string[] Resources { get; init; } = [];

    public string[] Urls { get; init; } = [];

    public RbacVerb Verbs { get; init; }
}
