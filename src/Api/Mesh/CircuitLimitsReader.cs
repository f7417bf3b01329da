using Turnpike.Primitives;
using Turnpike.Reading;

namespace Turnpike.Api.Mesh;

/// <summary>Reads the section <c>circuitLimits</c> of the mesh settings.</summary>
internal static class CircuitLimitsReader
{
    private const int Max = 1_000_000;

    private static readonly string[] Keys = ["connections", "pendingRequests", "requests", "retries"];

    public static CircuitLimits Read(ObjectReader section)
    {
        section.WarnOfUnknown(Keys);
        return new CircuitLimits
        {
            Connections = Limit(section, "connections"),
            PendingRequests = Limit(section, "pendingRequests"),
            Requests = Limit(section, "requests"),
            Retries = Limit(section, "retries"),
        };
    }

    /// <summary>Reads a limit: a positive number, or 0 for no limit.</summary>
    internal static LimitSetting Limit(ObjectReader section, string name, int max = Max)
    {
        if (section.Int32(name) is not { } limit)
            return LimitSetting.Default;
        if (limit >= 0 && limit <= max)
            return LimitSetting.FromWritten(limit);
        section.AddError(FieldError.Invalid(section.PathOf(name), JsonText.Quote(section.Raw(name)), $"must be between 0 and {max}; 0 is unlimited"));
        return LimitSetting.Default;
    }
}
