using System.Globalization;
using System.Text.RegularExpressions;

namespace Turnpike.Compiler;

/// <summary>The field paths of an Ingress that identify its claims. Indices count from 0.</summary>
public static partial class IngressPaths
{
    public const string DefaultBackend = "spec.defaultBackend";

    public static string FieldPath(int rule, int path) => string.Create(CultureInfo.InvariantCulture, $"spec.rules[{rule}].http.paths[{path}]");

    public static string Tls(int entry) => string.Create(CultureInfo.InvariantCulture, $"spec.tls[{entry}]");

    /// <summary>Parses a field path. The numbers count from 1, as people count; 0 stands for a part that the field path lacks.</summary>
    public static (int Rule, int Path, int Tls) NumbersOf(string? field)
    {
        if (Numbers().Match(field ?? "") is not { Success: true } match)
            return (0, 0, 0);
        int Number(string group) => match.Groups[group].Success ? int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture) + 1 : 0;
        return (Number("rule"), Number("path"), Number("tls"));
    }

    [GeneratedRegex(@"\A(?:spec\.rules\[(?<rule>[0-9]{1,6})\]\.http\.paths\[(?<path>[0-9]{1,6})\]|spec\.tls\[(?<tls>[0-9]{1,6})\])\z")]
    private static partial Regex Numbers();
}
