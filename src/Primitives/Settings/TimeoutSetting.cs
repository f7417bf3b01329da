using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Turnpike.Primitives;

/// <summary>
/// A limit of time that somebody may set: left at its default, disabled, or a value. The three are different things, so that no
/// number stands for either of the others. The default itself is in <see cref="ProxyDefaults"/>.
/// </summary>
[JsonConverter(typeof(TimeoutSettingConverter))]
public readonly struct TimeoutSetting : IEquatable<TimeoutSetting>
{
    // Zero ticks, which no value has, is the default: that is what default(TimeoutSetting) is.
    private const long DisabledTicks = -1;

    private readonly long _ticks;

    private TimeoutSetting(long ticks) => _ticks = ticks;

    /// <summary>Nobody has set it.</summary>
    public static TimeoutSetting Default => default;

    /// <summary>There is to be none.</summary>
    public static TimeoutSetting Disabled { get; } = new(DisabledTicks);

    public bool IsDefault => _ticks == 0;

    public bool IsDisabled => _ticks == DisabledTicks;

    /// <summary>Null where it is disabled or left at its default.</summary>
    public TimeSpan? Value => _ticks > 0 ? TimeSpan.FromTicks(_ticks) : null;

    /// <exception cref="ArgumentOutOfRangeException">The time is not positive: say <see cref="Disabled"/> or <see cref="Default"/> for what is meant.</exception>
    public static TimeoutSetting Of(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(time, TimeSpan.Zero);
        return new TimeoutSetting(time.Ticks);
    }

    /// <summary>From how people write it: 0s is disabled.</summary>
    public static TimeoutSetting FromWritten(TimeSpan time) => time == TimeSpan.Zero ? Disabled : Of(time);

    /// <summary>What is in force where <paramref name="fallback"/> is the default; null where there is no limit.</summary>
    public TimeSpan? Or(TimeSpan fallback) => IsDefault ? fallback : Value;

    /// <summary>A positive time.</summary>
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
    public override string ToString() => IsDefault ? "default" : IsDisabled ? "disabled" : Value!.Value.ToString("c", CultureInfo.InvariantCulture);
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
    public override void Write(Utf8JsonWriter writer, TimeoutSetting value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
