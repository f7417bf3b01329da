namespace KubeOps.Abstractions.Entities.Attributes;

[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public class EntityScopeAttribute(EntityScope scope = default) : Attribute
{
    public EntityScope Scope => scope;
}

/// <summary>Further names for kubectl.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public class KubernetesEntityShortNamesAttribute(params string[] shortNames) : Attribute
{
    public string[] ShortNames => shortNames;
}

/// <summary>Of several versions of a kind, the one that is stored.</summary>
[AttributeUsage(AttributeTargets.Class)]
public class StorageVersionAttribute : Attribute;

/// <summary>A column that shows any part of the object.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public class GenericAdditionalPrinterColumnAttribute(string jsonPath, string name, string type) : Attribute
{
    public string JsonPath => jsonPath;

    public string Name => name;

    /// <summary>An OpenAPI type, or <c>date</c>.</summary>
    public string Type => type;

    public string? Description { get; init; }

    public string? Format { get; init; }

    public PrinterColumnPriority Priority { get; init; }
}

/// <summary>A CEL expression that must hold.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Class, AllowMultiple = true)]
public sealed class ValidationRuleAttribute(
    string rule, string? fieldPath = null, string? message = null, string? messageExpression = null, string? reason = null) : Attribute
{
    public string Rule => rule;

    public string? FieldPath => fieldPath;

    public string? Message => message;

    public string? MessageExpression => messageExpression;

    public string? Reason => reason;
}

/// <summary>Not part of the schema.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Property)]
public class IgnoreAttribute : Attribute;

[AttributeUsage(AttributeTargets.Property | AttributeTargets.Class)]
public class DescriptionAttribute(string description) : Attribute
{
    public string Description => description;
}

[AttributeUsage(AttributeTargets.Property | AttributeTargets.Class)]
public class RequiredAttribute : Attribute;
