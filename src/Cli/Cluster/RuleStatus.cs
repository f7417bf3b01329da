using System.Text.Json;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster;

/// <summary>One condition of a RouteRule.</summary>
/// <param name="Type">The type, such as <c>Programmed</c>.</param>
/// <param name="Status">True, False or Unknown.</param>
/// <param name="Reason">The reason as one word.</param>
/// <param name="Message">The message for people.</param>
internal sealed record RuleCondition(string Type, string Status, string Reason, string Message)
{
    public bool IsTrue => Status == "True";

    public bool IsFalse => Status == "False";

    /// <summary>Returns a text such as <c>Programmed is False (Pending): 1 of 2 proxies has it</c>.</summary>
    public override string ToString() =>
        $"{Type} is {Status}{(Reason.Length == 0 ? "" : $" ({Reason})")}{(Message.Length == 0 ? "" : $": {Message}")}";
}

/// <summary>The conditions of a RouteRule for its current generation. Those of an older generation are ignored.</summary>
internal sealed record RuleStatus(RuleCondition? Accepted, RuleCondition? Programmed)
{
    public const string AcceptedType = "Accepted";
    public const string ProgrammedType = "Programmed";

    /// <summary>The reason why the rule is not in force, or null.</summary>
    public string? Problem => this switch
    {
        { Accepted.IsTrue: false } => Accepted.ToString(),
        { Programmed.IsTrue: false } => Programmed.ToString(),
        { Accepted: null, Programmed: null } => "the control plane has not reported its status",
        { Programmed: null } => "the control plane has not reported whether it is in force",
        _ => null,
    };

    /// <summary>Reads the conditions of a rule.</summary>
    /// <param name="rule">The whole object.</param>
    /// <param name="generation">The least generation that counts; by default that of the object.</param>
    public static RuleStatus Read(JsonElement rule, long? generation = null)
    {
        var wanted = generation ?? Number(rule.Child("metadata"), "generation") ?? 0;
        var status = rule.Child("status");
        return new RuleStatus(Find(AcceptedType), Find(ProgrammedType));

        RuleCondition? Find(string type)
        {
            if (status?.Child("conditions") is not { ValueKind: JsonValueKind.Array } conditions)
                return null;
            var found = conditions.EnumerateArray().FirstOrDefault(c => c.Text("type") == type);
            var observed = Number(found, "observedGeneration") ?? Number(status, "observedGeneration") ?? 0;
            return found.ValueKind != JsonValueKind.Object || observed < wanted
                ? null
                : new RuleCondition(type, found.Text("status") ?? "Unknown", found.Text("reason") ?? "", found.Text("message") ?? "");
        }
    }

    private static long? Number(JsonElement? element, string name) =>
        element?.Child(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var value) ? value : null;
}
