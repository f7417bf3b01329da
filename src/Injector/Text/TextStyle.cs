using Turnpike.Yaml;

namespace Turnpike.Injector.Text;

/// <summary>The style of a document's author, derived from the text.</summary>
/// <param name="LineBreak">The line break of the text.</param>
/// <param name="Step">The spaces from a block mapping to one inside it.</param>
/// <param name="SequenceStep">The spaces from a key to the dashes of its block sequence.</param>
/// <param name="FlowUnit">The indentation of one level of multi-line flow style.</param>
/// <param name="FlowSpaced">Whether one-line flow style has a space after a colon.</param>
internal sealed record TextStyle(string LineBreak, int Step, int SequenceStep, string FlowUnit, bool FlowSpaced)
{
    public static TextStyle Of(string text, YamlNode root)
    {
        var lineBreak = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        var pairs = Containers(root).ToList();
        var step = pairs.Select(pair => MappingStep(pair.Parent, pair.Child)).FirstOrDefault(found => found > 0, 2);
        var sequence = pairs.Find(pair => pair is { Parent: YamlMapping { IsFlow: false }, Child: YamlSequence { IsFlow: false } });
        var sequenceStep = sequence.Child is null ? 0 : Math.Max(0, sequence.Child.Column - SourceText.ColumnOf(sequence.Parent));
        var flows = pairs.Select(pair => pair.Parent).Append(root).OfType<YamlContainer>().Where(container => container.IsFlow).ToList();
        var unit = flows.Select(flow => SourceText.FlowUnit(text, flow)).FirstOrDefault(found => found is not null, "  ")!;
        var filled = flows.OfType<YamlMapping>().FirstOrDefault(flow => flow.Members.Count > 0);
        var spaced = filled is null || HasSpace(text, filled);
        return new TextStyle(lineBreak, step, sequenceStep, unit, spaced);
    }

    private static int MappingStep(YamlNode parent, YamlNode child) =>
        parent is YamlMapping { IsFlow: false } && child is YamlMapping { IsFlow: false }
            ? SourceText.ColumnOf(child) - SourceText.ColumnOf(parent)
            : 0;

    private static bool HasSpace(string text, YamlMapping flow)
    {
        var colon = SourceText.ColonAfter(text, flow.Members[0].Key.End);
        return colon < 0 || colon + 1 >= text.Length || char.IsWhiteSpace(text[colon + 1]);
    }

    /// <summary>Returns every container except the root, with the container around it, in the order of the text.</summary>
    private static IEnumerable<(YamlNode Parent, YamlNode Child)> Containers(YamlNode parent)
    {
        var children = parent switch
        {
            YamlMapping mapping => mapping.Members.Select(member => member.Value),
            YamlSequence sequence => sequence.Items,
            _ => [],
        };
        foreach (var child in children.Where(child => child is YamlContainer))
        {
            yield return (parent, child);
            foreach (var pair in Containers(child))
                yield return pair;
        }
    }
}
