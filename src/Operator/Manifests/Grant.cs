using System.Text.Json.Nodes;

namespace Turnpike.Operator.Manifests;

/// <summary>One rule of a role, and why the operator needs it.</summary>
/// <param name="Reason">The comment above the rule, for the administrator who reviews it.</param>
/// <param name="ApiGroup">The API group; empty for the core group.</param>
/// <param name="Resources">The plural names of the kinds, or of their subresources.</param>
/// <param name="Verbs">The allowed verbs.</param>
internal sealed record Grant(string Reason, string ApiGroup, string[] Resources, string[] Verbs)
{
    /// <summary>
    /// The names of the only objects that the rule allows; empty for all. Lists and watches name them in a field selector.
    /// </summary>
    public string[] Names { get; init; } = [];

    /// <summary>The circumstances in which alone the rule is needed, such as an old API server; null when it is always needed.</summary>
    public string? OnlyFor { get; init; }

    public JsonObject ToRule()
    {
        var rule = new JsonObject
        {
            ["apiGroups"] = new JsonArray(ApiGroup),
            ["resources"] = Array(Resources),
        };
        if (Names.Length > 0)
            rule["resourceNames"] = Array(Names);
        rule["verbs"] = Array(Verbs);
        return rule;
    }

    private static JsonArray Array(string[] texts) => [.. texts.Select(text => (JsonNode)text)];
}
