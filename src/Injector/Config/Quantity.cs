using System.Globalization;
using System.Text.RegularExpressions;

namespace Turnpike.Injector.Config;

/// <summary>An amount of CPU or memory as Kubernetes writes it: <c>10m</c>, <c>0.5</c>, <c>40Mi</c>, <c>1e9</c>.</summary>
/// <param name="Text">The text as it was written.</param>
/// <param name="Amount">The amount as a number, for comparisons.</param>
public sealed partial record Quantity(string Text, double Amount)
{
    /// <summary>Returns a quantity that is known to be valid.</summary>
    /// <exception cref="FormatException">The text is not a quantity.</exception>
    public static Quantity Of(string text) => Parse(text) ?? throw new FormatException($"\"{text}\" is not a quantity");

    /// <summary>Returns the quantity, or null if the text is not a quantity above zero.</summary>
    public static Quantity? Parse(string text)
    {
        if (Syntax().Match(text) is not { Success: true } match)
            return null;
        var amount = double.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture) * Scale(match.Groups["suffix"].Value);
        return amount > 0 && double.IsFinite(amount) ? new Quantity(text, amount) : null;
    }

    private static double Scale(string suffix) => suffix switch
    {
        "" => 1,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "Ki" => 1024,
        [var unit] => Math.Pow(1000, "kMGTPE".IndexOf(unit, StringComparison.Ordinal) + 1),
        [var unit, 'i'] => Math.Pow(1024, "KMGTPE".IndexOf(unit, StringComparison.Ordinal) + 1),
        _ => Math.Pow(10, double.Parse(suffix.AsSpan(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)),
    };

    [GeneratedRegex(
        @"\A(?<number>[0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18})(?<suffix>[numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?\z",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Syntax();
}
