using System.Text;

namespace Turnpike.Primitives;

/// <summary>A part of a regular expression, as the pattern has it.</summary>
internal abstract record RegexNode
{
    /// <summary>Matches the empty text.</summary>
    public static RegexNode Empty { get; } = new RegexSequence([]);
}

/// <summary>One character of a set.</summary>
internal sealed record RegexSet(CharSet Set) : RegexNode;

/// <summary>The parts, one after another.</summary>
internal sealed record RegexSequence(IReadOnlyList<RegexNode> Parts) : RegexNode;

/// <summary>Any of the parts.</summary>
internal sealed record RegexChoice(IReadOnlyList<RegexNode> Parts) : RegexNode;

/// <summary>A part that is repeated.</summary>
/// <param name="Part">The part.</param>
/// <param name="Min">How often it occurs at least.</param>
/// <param name="Max">How often it occurs at most, or -1 for no bound.</param>
internal sealed record RegexRepeat(RegexNode Part, int Min, int Max) : RegexNode;

/// <summary>A condition on a place between two characters.</summary>
internal sealed record RegexAssertion(RegexPlace Place) : RegexNode;

internal enum RegexPlace
{
    Begin,
    End,
    WordBoundary,
    NoWordBoundary,
}

/// <summary>Finds text that every matching value contains, so that most values are refused without the automaton.</summary>
internal static class RegexLiterals
{
    /// <summary>The text that every matching value begins with.</summary>
    public static string PrefixOf(RegexNode root)
    {
        var text = new StringBuilder();
        AppendPrefix(root, text);
        return text.ToString();
    }

    /// <summary>The longest text found that every matching value contains.</summary>
    public static string RequiredBy(RegexNode root)
    {
        var best = "";
        var run = new StringBuilder();
        void Flush()
        {
            if (run.Length > best.Length)
                best = run.ToString();
            run.Clear();
        }
        void Visit(RegexNode node)
        {
            switch (node)
            {
                case RegexSet { Set.Single: { } c }:
                    run.Append(c.ToString());
                    break;
                case RegexSequence sequence:
                    foreach (var part in sequence.Parts)
                        Visit(part);
                    break;
                case RegexAssertion:
                    break;
                case RegexRepeat { Min: > 0 } repeat:
                    Flush();
                    Visit(repeat.Part);
                    Flush();
                    break;
                default:
                    Flush();
                    break;
            }
        }
        Visit(root);
        Flush();
        return best;
    }

    /// <returns>True when the whole node is a literal, so that what follows it continues the prefix.</returns>
    private static bool AppendPrefix(RegexNode node, StringBuilder text)
    {
        switch (node)
        {
            case RegexSet { Set.Single: { } c }:
                text.Append(c.ToString());
                return true;
            case RegexSequence sequence:
                foreach (var part in sequence.Parts)
                {
                    if (!AppendPrefix(part, text))
                        return false;
                }
                return true;
            case RegexRepeat { Min: > 0 } repeat:
                AppendPrefix(repeat.Part, text);
                return false;
            case RegexAssertion:
                return true;
            default:
                return false;
        }
    }
}
