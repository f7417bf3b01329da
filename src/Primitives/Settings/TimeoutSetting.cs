using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Turnpike.Primitives;

/// <summary>
/// A time limit that a user may set: it is left at its default, disabled, or a value. No number stands for one of the other two. The
/// default itself is in <see cref="ProxyDefaults"/>.
/// </summary>
[JsonConverter(typeof(TimeoutSettingConverter))]
public readonly struct TimeoutSetting : IEquatable<TimeoutSetting>
{
    // Zero ticks, which no value has, means the default, because that is what default(TimeoutSetting) has.
    private const long DisabledTicks = -1;

    private readonly long _ticks;

    private TimeoutSetting(long ticks) => _ticks = ticks;

    /// <summary>The limit is not set.</summary>
    public static TimeoutSetting Default => default;

    /// <summary>There is no limit.</summary>
    public static TimeoutSetting Disabled { get; } = new(DisabledTicks);

    public bool IsDefault => _ticks == 0;

    public bool IsDisabled => _ticks == DisabledTicks;

    /// <summary>Null when the limit is disabled or left at its default.</summary>
    public TimeSpan? Value => _ticks > 0 ? TimeSpan.FromTicks(_ticks) : null;

    /// <exception cref="ArgumentOutOfRangeException">
    /// The time is not positive: use <see cref="Disabled"/> or <see cref="Default"/>, whichever is meant.
    /// </exception>
    public static TimeoutSetting Of(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(time, TimeSpan.Zero);
        return new TimeoutSetting(time.Ticks);
    }

    /// <summary>The limit that a user writes as a duration, where 0s means disabled.</summary>
    public static TimeoutSetting FromWritten(TimeSpan time) => time == TimeSpan.Zero ? Disabled : Of(time);

    /// <summary>The effective limit when <paramref name="fallback"/> is the default; null when there is no limit.</summary>
    public TimeSpan? Or(TimeSpan fallback) => IsDefault ? fallback : Value;

    /// <summary>The setting of a positive time.</summary>
    public static implicit operator TimeoutSetting(TimeSpan time) => Of(time);

    public static bool operator ==(TimeoutSetting left, TimeoutSetting right) => left.Equals(right);

    public static bool operator !=(TimeoutSetting left, TimeoutSetting right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(TimeoutSetting other) => _ticks == other._ticks;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is TimeoutSetting other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _ticks.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() =>
        IsDefault ? "default" : IsDisabled ? "disabled" : Value!.Value.ToString("c", CultureInfo.InvariantCulture);
}

/// <summary>The wire form: the time as text, or <c>disabled</c>; a default is left out.</summary>
public sealed class TimeoutSettingConverter : JsonConverter<TimeoutSetting>
{
    /// <inheritdoc/>
    public override TimeoutSetting Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        if (text == "disabled")
            return TimeoutSetting.Disabled;
        if (text == "default")
            return TimeoutSetting.Default;
        return TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var time) && time > TimeSpan.Zero
            ? TimeoutSetting.Of(time)
            : throw new JsonException("a limit of time is a positive time such as 00:00:15, or disabled");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, TimeoutSetting value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
