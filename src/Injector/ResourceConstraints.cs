using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Turnpike.Injector.Config;

namespace Turnpike.Injector;

/// <summary>The limits of a namespace on the resources of a container: its LimitRanges and ResourceQuotas.</summary>
public sealed record ResourceConstraints(ImmutableArray<ContainerRange> Ranges, ImmutableArray<Quota> Quotas)
{
    public static ResourceConstraints None { get; } = new([], []);
}

/// <summary>One item of a LimitRange for one resource. Null means that it sets no such bound.</summary>
/// <param name="Source">The LimitRange, for messages.</param>
/// <param name="OfPod">Whether it applies to the sum over a pod's containers; otherwise it applies to each container.</param>
/// <param name="Resource"><c>cpu</c> or <c>memory</c>.</param>
public sealed record ContainerRange(string Source, bool OfPod, string Resource)
{
    public Quantity? Min { get; init; }

    public Quantity? Max { get; init; }

    /// <summary>The limit of a container that sets none.</summary>
    public Quantity? Default { get; init; }

    /// <summary>The largest ratio of limit to request.</summary>
    public double? Ratio { get; init; }

    /// <summary>
    /// Reads the items of a LimitRange about cpu and memory of containers and pods. A bound that cannot be read is ignored.
    /// </summary>
    public static ImmutableArray<ContainerRange> Read(JsonObject limitRange)
    {
        ArgumentNullException.ThrowIfNull(limitRange);
        var name = Json.Text(Json.At(limitRange, ["metadata", "name"])) ?? "";
        var items = Json.At(limitRange, ["spec", "limits"]) as JsonArray ?? [];
        return
        [
            .. from item in items
               let type = Json.Text(Json.Member(item, "type"))
               where type is "Container" or "Pod"
               from resource in ResourceNames.All
               select new ContainerRange($"LimitRange {Json.Plain(name)}", type == "Pod", resource)
               {
                   Min = Amount(item, "min", resource),
                   Max = Amount(item, "max", resource),
                   Default = Amount(item, "default", resource),
                   Ratio = Amount(item, "maxLimitRequestRatio", resource)?.Amount,
               },
        ];
    }

    private static Quantity? Amount(JsonNode? item, string member, string resource) =>
        Json.Text(Json.At(item, [member, resource])) is { } text ? Quantity.Parse(text) : null;
}

/// <summary>The amount that a ResourceQuota has left for one resource.</summary>
/// <param name="Source">The ResourceQuota, for messages.</param>
/// <param name="IsLimit">Whether it counts limits; otherwise it counts requests.</param>
/// <param name="Resource"><c>cpu</c> or <c>memory</c>.</param>
/// <param name="Left">The amount that is not used yet.</param>
public sealed record Quota(string Source, bool IsLimit, string Resource, double Left)
{
    /// <summary>
    /// Reads the entries of a ResourceQuota about cpu and memory. A quota with scopes counts only some pods, by properties that are decided
    /// later. The
    /// scopes NotBestEffort and NotTerminating are assumed to include this pod; quotas with other scopes are ignored.
    /// </summary>
    public static ImmutableArray<Quota> Read(JsonObject quota)
    {
        ArgumentNullException.ThrowIfNull(quota);
        var scopes = (Json.At(quota, ["spec", "scopes"]) as JsonArray ?? []).Select(Json.Text);
        if (Json.At(quota, ["spec", "scopeSelector"]) is not null || scopes.Any(scope => scope is not ("NotBestEffort" or "NotTerminating")))
            return [];
        var name = Json.Text(Json.At(quota, ["metadata", "name"])) ?? "";
        var hard = Json.At(quota, ["spec", "hard"]) as JsonObject ?? [];
        var lines = ImmutableArray.CreateBuilder<Quota>();
        foreach (var (line, value) in hard)
        {
            var resource = line.Split('.')[^1];
            if (!ResourceNames.All.Contains(resource) || line is not ("cpu" or "memory" or "requests.cpu" or "requests.memory" or "limits.cpu" or "limits.memory"))
                continue;
            var used = Json.Text(Json.At(quota, ["status", "used", line]));
            lines.Add(new Quota($"ResourceQuota {Json.Plain(name)}", line.StartsWith("limits.", StringComparison.Ordinal), resource, Amount(Json.Text(value)) - Amount(used)));
        }
        return lines.ToImmutable();
    }

    // Zero is an amount, but not a Quantity.
    private static double Amount(string? text) => text is null ? 0 : Quantity.Parse(text)?.Amount ?? 0;
}

internal static class ResourceNames
{
    public const string Cpu = "cpu";
    public const string Memory = "memory";

    public static IReadOnlyList<string> All { get; } = [Cpu, Memory];
}
