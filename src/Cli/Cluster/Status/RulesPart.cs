using System.Text.Json.Nodes;
using Turnpike.Discovery;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Status;

/// <summary>The RouteRules that are not in force, with the reason.</summary>
internal static class RulesPart
{
    public const string Name = "rules";

    public static async Task<StatusPart> ReadAsync(KubeApi api, string? ns, CancellationToken ct)
    {
        var rules = await api.ListAsync(
            CustomResources.RouteRules, new ResourceQuery { Namespace = ns }, rule => (Key: rule.Key(), RuleStatus.Read(rule).Problem), ct);
        var wrong = rules.Items.Where(rule => rule.Problem is not null).OrderBy(rule => rule.Key).ToList();
        return new StatusPart(Name, $"{rules.Items.Count - wrong.Count} of {rules.Items.Count} route rules in force")
        {
            Problems = [.. wrong.Select(rule => $"{ObjectName.Of(CustomResources.RouteRules.Kind, rule.Key)}: {rule.Problem}")],
            Items = [.. wrong.Select(rule => new JsonObject { ["rule"] = rule.Key.ToString(), ["problem"] = rule.Problem })],
        };
    }
}
