namespace KubeOps.Abstractions.Entities.Attributes;

/// <summary>A column that shows this property.</summary>
[AttributeUsage(AttributeTargets.Property)]
public class AdditionalPrinterColumnAttribute(PrinterColumnPriority priority = default, string? name = null) : Attribute
{
    /// <summary>Null: the property's own.</summary>
    public string? Name => name;

    public PrinterColumnPriority Priority => priority;
}

/// <summary>A regular expression that a string must match.</summary>
[AttributeUsage(AttributeTargets.Property)]
public class PatternAttribute(string regexPattern) : Attribute
{
    public string RegexPattern => regexPattern;
}

/// <summary>Limits of a string's length; -1 for none.</summary>
[AttributeUsage(AttributeTargets.Property)]
public class LengthAttribute(long minLength = -1, long maxLength = -1) : Attribute
{
    public long? MinLength => minLength == -1 ? null : minLength;

    public long? MaxLength => maxLength == -1 ? null : maxLength;
}

/// <summary>Limits of a list's length; -1 for none.</summary>
[AttributeUsage(AttributeTargets.Property)]
public class ItemsAttribute(long minItems = -1, long maxItems = -1) : Attribute
{
    public long? MinItems => minItems == -1 ? null : minItems;

    public long? MaxItems => maxItems == -1 ? null : maxItems;
}

[AttributeUsage(AttributeTargets.Property)]
public class RangeMinimumAttribute(double minimum, bool exclusiveMinimum = false) : Attribute
{
    public double Minimum => minimum;

    public bool ExclusiveMinimum => exclusiveMinimum;
}

[AttributeUsage(AttributeTargets.Property)]
public class RangeMaximumAttribute(double maximum, bool exclusiveMaximum = false) : Attribute
{
    public double Maximum => maximum;

    public bool ExclusiveMaximum => exclusiveMaximum;
}

/// <summary>The API server keeps what the schema does not know.</summary>
[AttributeUsage(AttributeTargets.Property)]
public class PreserveUnknownFieldsAttribute : Attribute;

/// <summary>The property is a whole Kubernetes object.</summary>
[AttributeUsage(AttributeTargets.Property)]
public class EmbeddedResourceAttribute : Attribute;
