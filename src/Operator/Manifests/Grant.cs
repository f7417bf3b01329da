using System.Text.Json.Nodes;

namespace Turnpike.Operator.Manifests;

/// <summary>One rule of a role: what may be done with which objects, and what for.</summary>
/// <param name="Reason">Written above the rule, for whoever has to allow it.</param>
/// <param name="ApiGroup">Empty for the core.</param>
internal sealed record Grant(string Reason, string ApiGroup, string[] Resources, string[] Verbs)
{
    /// <summary>The only objects that it is about; empty: all. Lists and watches name theirs in a field selector.</summary>
    public string[] Names { get; init; } = [];

    /// <summary>
    /// What an ordinary run does not need it for, such as an old API server; null where every run needs every verb of it.
    /// </summary>
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
