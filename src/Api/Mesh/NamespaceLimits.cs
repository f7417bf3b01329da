using Turnpike.Primitives;
using Turnpike.Reading;

namespace Turnpike.Api.Mesh;

/// <summary>
/// How much of the control plane and of the proxies one namespace may take, so that no team can spend what belongs to all. The defaults
/// are far above what people write by hand.
/// </summary>
public sealed record NamespaceLimits
{
    public static NamespaceLimits Default { get; } = new();

    /// <summary><c>paths</c>: of all its Ingresses, a default backend counted once for each host. 5000 by default.</summary>
    public LimitSetting Paths { get; init; }

    /// <summary><c>rules</c>: RouteRules. 2000 by default.</summary>
    public LimitSetting Rules { get; init; }

    /// <summary><c>regexes</c>: regular expressions in its RouteRules. 200 by default.</summary>
    public LimitSetting Regexes { get; init; }

    /// <summary><c>regexSteps</c>: the sizes of those together: what one character of a request may cost. 5000 by default.</summary>
    public LimitSetting RegexSteps { get; init; }

    /// <summary><c>tableBytes</c>: an estimate of its part of the route table. 16 MiB by default.</summary>
    public LimitSetting TableBytes { get; init; }

    public int EffectivePaths => Paths.Or(5000);

    public int EffectiveRules => Rules.Or(2000);

    public int EffectiveRegexes => Regexes.Or(200);

    public int EffectiveRegexSteps => RegexSteps.Or(5_000);

    public int EffectiveTableBytes => TableBytes.Or(16 * 1024 * 1024);
}

/// <summary>Reads the section <c>namespaceLimits</c> of the mesh configuration.</summary>
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
