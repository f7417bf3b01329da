using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Turnpike.Api.Validation;

/// <summary>
/// How a regular expression of a rule is compiled, and so which ones are accepted. The proxy must compile in the same way;
/// since src/Routing sees nothing of this project, it repeats these few lines: whoever changes one changes the other.
/// </summary>
public static class RegexSyntax
{
    /// <summary>Bounds the match of an expression that needs backtracking.</summary>
    public static TimeSpan MatchTimeout { get; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Compiles <paramref name="pattern"/> to match whole values, in linear time where the expression allows it.</summary>
    public static bool TryCompile(string pattern, [NotNullWhen(true)] out Regex? regex, [NotNullWhen(false)] out string? fault)
    {
        try
        {
            // By itself first: "a)(b" becomes valid by the anchors' parentheses.
            _ = new Regex(pattern, RegexOptions.CultureInvariant, MatchTimeout);
            regex = Compile($@"\A(?:{pattern})\z");
            fault = null;
            return true;
        }
        catch (ArgumentException e)
        {
            regex = null;
            fault = "must be a regular expression: " + Reason(e);
            return false;
        }
    }

    private static Regex Compile(string anchored)
    {
        try
        {
            return new Regex(anchored, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, MatchTimeout);
        }
        catch (NotSupportedException)
        {
            return new Regex(anchored, RegexOptions.ECMAScript | RegexOptions.CultureInvariant, MatchTimeout);
        }
    }

    /// <summary>From <c>Invalid pattern '(' at offset 1. Not enough )'s.</c> the part that says what is wrong.</summary>
    private static string Reason(ArgumentException e)
    {
        if (e is not RegexParseException parse)
            return "it uses what ECMAScript does not know";
        var offset = $" at offset {parse.Offset}";
        var start = e.Message.LastIndexOf(offset + ". ", StringComparison.Ordinal);
        var text = start < 0 ? parse.Error.ToString() : e.Message[(start + offset.Length + 2)..].TrimEnd('.');
        return char.ToLowerInvariant(text[0]) + text[1..] + offset;
    }
}
