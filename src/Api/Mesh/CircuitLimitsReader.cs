using Turnpike.Api.Reading;

namespace Turnpike.Api.Mesh;

/// <summary>Reads the section <c>circuitLimits</c> of the mesh configuration.</summary>
internal static class CircuitLimitsReader
{
    private const int Max = 1_000_000;

    private static readonly string[] Keys = ["connections", "pendingRequests", "requests", "retries"];

    public static CircuitLimitSettings Read(ObjectReader section)
    {
        var fallback = new CircuitLimitSettings();
        MeshConfigReader.WarnOfUnknownKeys(section, Keys);
        return new CircuitLimitSettings
        {
            Connections = Limit(section, "connections") ?? fallback.Connections,
            PendingRequests = Limit(section, "pendingRequests") ?? fallback.PendingRequests,
            Requests = Limit(section, "requests") ?? fallback.Requests,
            Retries = Limit(section, "retries") ?? fallback.Retries,
        };
    }

    private static int? Limit(ObjectReader section, string name)
    {
        var limit = section.Int32(name);
        if (limit is < 0 or > Max)
            section.Fault(FieldError.Invalid(section.PathOf(name), JsonText.Quote(section.Raw(name)), $"must be between 0 and {Max}; 0 is unlimited"));
        return limit;
    }
}
