using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using Turnpike.Reading;

namespace Turnpike.Api.RouteRules;

/// <summary>
/// Describes one message of a RouteRule. It is derived from the record and is the only source for decoder, writer, OpenAPI schema and
/// reference.
/// </summary>
public sealed class MessageSchema
{
    private static readonly ConcurrentDictionary<Type, MessageSchema> Known = new();

    private readonly Dictionary<string, FieldSchema> _bySpelling = new(StringComparer.Ordinal);

    private MessageSchema(Type type)
    {
        Type = type;
        Description = type.GetCustomAttribute<DescriptionAttribute>()?.Description ?? "";
        Fields = [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite).Select(p => new FieldSchema(p))];
        foreach (var field in Fields)
        {
            _bySpelling[field.Name] = field;
            _bySpelling[field.SnakeName] = field;
        }
    }

    /// <summary>The message of <c>spec</c>.</summary>
    public static MessageSchema RouteRuleSpec { get; } = Of(typeof(RouteRuleSpec));

    /// <summary>The record that holds the message.</summary>
    public Type Type { get; }

    /// <summary>The message's name, for example <c>HttpRetry</c>.</summary>
    public string Name => Type.Name;

    public string Description { get; }

    /// <summary>The fields in the order of the record.</summary>
    public ImmutableArray<FieldSchema> Fields { get; }

    /// <summary>Returns the field with that name in either spelling, or null.</summary>
    public FieldSchema? Find(string spelling) => _bySpelling.GetValueOrDefault(spelling);

    internal static MessageSchema Of(Type type) => Known.GetOrAdd(type, static t => new MessageSchema(t));

    internal object Create() => Activator.CreateInstance(Type)!;
}

/// <summary>The type of one value of a field.</summary>
[SuppressMessage("Naming", "CA1720", Justification = "The names are those of the types in a CustomResourceDefinition's schema.")]
public enum FieldKind
{
    String,
    Boolean,
    Int32,

    /// <summary>A 64-bit integer, which may be quoted.</summary>
    Int64,

    /// <summary>A number that may have a fraction.</summary>
    Double,

    /// <summary>A string in Go's duration syntax.</summary>
    Duration,

    /// <summary>Any JSON value.</summary>
    Any,

    /// <summary>An object described by <see cref="FieldSchema.Message"/>.</summary>
    Message,
}

/// <summary>How many values a field holds.</summary>
public enum FieldShape
{
    One,
    List,

    /// <summary>An object with free keys.</summary>
    Map,
}

/// <summary>Describes one field of a message.</summary>
public sealed class FieldSchema
{
    private readonly PropertyInfo _property;
    private readonly Func<IReadOnlyList<KeyValuePair<string, object>>, object>? _collect;

    internal FieldSchema(PropertyInfo property)
    {
        _property = property;
        Name = char.ToLowerInvariant(property.Name[0]) + property.Name[1..];
        SnakeName = Spelling.Snake(Name);
        Description = property.GetCustomAttribute<DescriptionAttribute>()?.Description ?? "";
        OneOf = property.GetCustomAttribute<OneOfAttribute>()?.Group;
        Default = property.GetCustomAttribute<DefaultAttribute>()?.Text ?? "";
        Bounds = property.GetCustomAttribute<BoundsAttribute>()?.Text ?? "";
        Range = property.GetCustomAttribute<RangeAttribute>() is { } range ? (Number(range.Minimum), Number(range.Maximum)) : null;
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var collection = type.IsGenericType ? type.GetGenericTypeDefinition() : null;
        Shape = collection == typeof(ImmutableArray<>) ? FieldShape.List
            : collection == typeof(ImmutableSortedDictionary<,>) ? FieldShape.Map
            : FieldShape.One;
        var value = Shape == FieldShape.One ? type : type.GetGenericArguments()[^1];
        Kind = KindOf(value);
        var most = property.GetCustomAttribute<MaxLengthAttribute>()?.Length;
        MaxLength = Shape == FieldShape.One ? most : null;
        MaxCount = Shape == FieldShape.One ? null : most;
        Message = Kind == FieldKind.Message ? MessageSchema.Of(value) : null;
        _collect = Shape switch
        {
            FieldShape.List => Collector(nameof(ToArray), value),
            FieldShape.Map => Collector(nameof(ToMap), value),
            _ => null,
        };
    }

    /// <summary>The camelCase spelling.</summary>
    public string Name { get; }

    /// <summary>The snake_case spelling; equal to <see cref="Name"/> where the name is one word.</summary>
    public string SnakeName { get; }

    public FieldShape Shape { get; }

    public FieldKind Kind { get; }

    public string Description { get; }

    /// <summary>What applies if the field is absent; may be empty.</summary>
    public string Default { get; }

    /// <summary>What a value must be, in words, beyond <see cref="Range"/>.</summary>
    public string Bounds { get; }

    /// <summary>The smallest and the largest value of a number, or null.</summary>
    public (double Least, double Most)? Range { get; }

    /// <summary>The largest length of a string, in characters, or null.</summary>
    public int? MaxLength { get; }

    /// <summary>The largest number of elements of a list or map, or null.</summary>
    public int? MaxCount { get; }

    /// <summary>The group of fields of which a message may have one; null if the field is in no group.</summary>
    public string? OneOf { get; }

    /// <summary>The schema of the values if <see cref="Kind"/> is <see cref="FieldKind.Message"/>.</summary>
    public MessageSchema? Message { get; }

    /// <summary>The name of the property in the model, which validators report.</summary>
    internal string ModelName => _property.Name;

    internal object? Get(object message) => _property.GetValue(message);

    internal void Set(object message, object value) => _property.SetValue(message, value);

    /// <summary>Returns the values as the collection that the property holds. A list ignores the keys.</summary>
    internal object Collect(IReadOnlyList<KeyValuePair<string, object>> values) => _collect!(values);

    /// <summary>Returns the values of a collection. Those of a list have empty keys.</summary>
    internal static IEnumerable<KeyValuePair<string, object>> Values(object collection) => collection is IDictionary map
        ? map.Keys.Cast<string>().Select(key => KeyValuePair.Create(key, map[key]!))
        : ((IEnumerable)collection).Cast<object>().Select(value => KeyValuePair.Create("", value));

    private static double Number(object bound) => Convert.ToDouble(bound, CultureInfo.InvariantCulture);

    private static FieldKind KindOf(Type type) =>
        type == typeof(string) ? FieldKind.String
        : type == typeof(bool) ? FieldKind.Boolean
        : type == typeof(int) ? FieldKind.Int32
        : type == typeof(long) ? FieldKind.Int64
        : type == typeof(double) ? FieldKind.Double
        : type == typeof(GoDuration) ? FieldKind.Duration
        : type == typeof(AnyValue) ? FieldKind.Any
        : FieldKind.Message;

    private static Func<IReadOnlyList<KeyValuePair<string, object>>, object> Collector(string method, Type value) =>
        (Func<IReadOnlyList<KeyValuePair<string, object>>, object>)typeof(FieldSchema)
            .GetMethod(method, BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(value)
            .Invoke(null, null)!;

    private static Func<IReadOnlyList<KeyValuePair<string, object>>, object> ToArray<T>() =>
        values => values.Select(value => (T)value.Value).ToImmutableArray();

    private static Func<IReadOnlyList<KeyValuePair<string, object>>, object> ToMap<T>() =>
        values => values.ToImmutableSortedDictionary(value => value.Key, value => (T)value.Value, StringComparer.Ordinal);
}
