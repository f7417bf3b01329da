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

    /// <summary>The longest expression accepted: the time to compile grows with the nesting, and strangers write rules.</summary>
    public const int MaxLength = 2048;

    /// <summary>What is wrong with <paramref name="pattern"/>, or null. Cheaper than <see cref="TryCompile"/>, with the same verdict.</summary>
    public static string? Fault(string pattern)
    {
        if (pattern.Length > MaxLength)
            return $"must be a regular expression of at most {MaxLength} characters";
        try
        {
            // By itself first: "a)(b" becomes valid by the anchors' parentheses.
            _ = new Regex(pattern, RegexOptions.CultureInvariant, MatchTimeout);
        }
        catch (ArgumentException e)
        {
            return "must be a regular expression: " + Reason(e);
        }
        var anchored = Anchor(pattern);
        try
        {
            // One of the two engines is enough, and this one is ready far sooner.
            _ = Backtracking(anchored);
            return null;
        }
        catch (ArgumentException)
        {
            return Compile(anchored, out _);
        }
    }

    /// <summary>Compiles <paramref name="pattern"/> to match whole values, in linear time where the expression allows it.</summary>
    public static bool TryCompile(string pattern, [NotNullWhen(true)] out Regex? regex, [NotNullWhen(false)] out string? fault)
    {
        regex = null;
        fault = Fault(pattern) ?? Compile(Anchor(pattern), out regex);
        return regex is not null;
    }

    private static string Anchor(string pattern) => $@"\A(?:{pattern})\z";

    private static string? Compile(string anchored, out Regex? regex)
    {
        try
        {
            regex = NonBacktracking(anchored) ?? Backtracking(anchored);
            return null;
        }
        catch (ArgumentException e)
        {
            regex = null;
            return "must be a regular expression: " + Reason(e);
        }
    }

    private static Regex? NonBacktracking(string anchored)
    {
        try
        {
            return new Regex(anchored, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, MatchTimeout);
        }
        catch (NotSupportedException)
        {
            return null;
        }
    }

    private static Regex Backtracking(string anchored) =>
        new(anchored, RegexOptions.ECMAScript | RegexOptions.CultureInvariant, MatchTimeout);

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
