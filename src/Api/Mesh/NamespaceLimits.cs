using Turnpike.Primitives;
using Turnpike.Reading;

namespace Turnpike.Api.Mesh;

/// <summary>
/// The share of the control plane and of the proxies that one namespace may take, so that no team can use up what all share. The defaults
/// are
/// far above what people write by hand.
/// </summary>
public sealed record NamespaceLimits
{
    public static NamespaceLimits Default { get; } = new();

    /// <summary><c>paths</c>: the paths of all its Ingresses; a default backend counts once for each host. The default is 5000.</summary>
    public LimitSetting Paths { get; init; }

    /// <summary><c>rules</c>: its RouteRules. The default is 2000.</summary>
    public LimitSetting Rules { get; init; }

    /// <summary><c>regexes</c>: the regular expressions in its RouteRules. The default is 200.</summary>
    public LimitSetting Regexes { get; init; }

    /// <summary>
    /// <c>regexSteps</c>: the total size of those expressions, which bounds the cost of one character of a request. The default is 5000.
    /// </summary>
    public LimitSetting RegexSteps { get; init; }

    /// <summary><c>tableBytes</c>: an estimate of its part of the route table. The default is 16 MiB.</summary>
    public LimitSetting TableBytes { get; init; }

    public int EffectivePaths => Paths.Or(5000);

    public int EffectiveRules => Rules.Or(2000);

    public int EffectiveRegexes => Regexes.Or(200);

    public int EffectiveRegexSteps => RegexSteps.Or(5_000);

    public int EffectiveTableBytes => TableBytes.Or(16 * 1024 * 1024);
}

/// <summary>Reads the section <c>namespaceLimits</c> of the mesh settings.</summary>
internal static class NamespaceLimitsReader
{
    private static readonly string[] Keys = ["paths", "rules", "regexes", "regexSteps", "tableBytes"];

    public static NamespaceLimits Read(ObjectReader section)
    {
        section.WarnOfUnknown(Keys);
        return new NamespaceLimits
        {
            Paths = CircuitLimitsReader.Limit(section, "paths"),
            Rules = CircuitLimitsReader.Limit(section, "rules"),
            Regexes = CircuitLimitsReader.Limit(section, "regexes"),
            RegexSteps = CircuitLimitsReader.Limit(section, "regexSteps"),
            TableBytes = CircuitLimitsReader.Limit(section, "tableBytes", 1_000_000_000),
        };
    }
}
