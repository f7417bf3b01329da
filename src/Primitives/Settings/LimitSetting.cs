using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Turnpike.Primitives;

/// <summary>
/// A limit on a number that a user may set: it is left at its default, unlimited, or a value. No number stands for one of the other two.
/// </summary>
[JsonConverter(typeof(LimitSettingConverter))]
public readonly struct LimitSetting : IEquatable<LimitSetting>
{
    private readonly int _limit;

    private LimitSetting(int limit) => _limit = limit;

    /// <summary>The limit is not set.</summary>
    public static LimitSetting Default => default;

    /// <summary>There is no limit.</summary>
    public static LimitSetting Unlimited { get; } = new(-1);

    public bool IsDefault => _limit == 0;

    public bool IsUnlimited => _limit < 0;

    /// <exception cref="ArgumentOutOfRangeException">
    /// The limit is not positive: use <see cref="Unlimited"/> or <see cref="Default"/>, whichever is meant.
    /// </exception>
    public static LimitSetting Of(int limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return new LimitSetting(limit);
    }

    /// <summary>The limit that a user writes as a number, where 0 means unlimited.</summary>
    public static LimitSetting FromWritten(int limit) => limit == 0 ? Unlimited : Of(limit);

    /// <summary>
    /// The effective limit when <paramref name="fallback"/> is the default; <see cref="int.MaxValue"/> when there is no limit.
    /// </summary>
    public int Or(int fallback) => IsDefault ? fallback : IsUnlimited ? int.MaxValue : _limit;

    /// <summary>The setting of a positive limit.</summary>
    public static implicit operator LimitSetting(int limit) => Of(limit);

    public static bool operator ==(LimitSetting left, LimitSetting right) => left.Equals(right);

    public static bool operator !=(LimitSetting left, LimitSetting right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(LimitSetting other) => _limit == other._limit;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is LimitSetting other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _limit;

    /// <inheritdoc/>
    public override string ToString() => IsDefault ? "default" : IsUnlimited ? "unlimited" : _limit.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The wire form: a number, or <c>unlimited</c>; a default is left out.</summary>
public sealed class LimitSettingConverter : JsonConverter<LimitSetting>
{
    /// <inheritdoc/>
    public override LimitSetting Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var word = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        if (word is "unlimited" or "default")
            return word == "unlimited" ? LimitSetting.Unlimited : LimitSetting.Default;
        return reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var limit) && limit > 0
            ? LimitSetting.Of(limit)
            : throw new JsonException("a limit is a positive number, or unlimited");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, LimitSetting value, JsonSerializerOptions options)
    {
        if (value.IsDefault || value.IsUnlimited)
            writer.WriteStringValue(value.ToString());
        else
            writer.WriteNumberValue(value.Or(0));
    }
}
