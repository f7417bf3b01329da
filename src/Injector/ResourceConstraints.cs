using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Turnpike.Injector.Config;

namespace Turnpike.Injector;

/// <summary>What a namespace lets a container ask for: its LimitRanges and ResourceQuotas.</summary>
public sealed record ResourceConstraints(ImmutableArray<ContainerRange> Ranges, ImmutableArray<Quota> Quotas)
{
    public static ResourceConstraints None { get; } = new([], []);
}

/// <summary>One item of a LimitRange, for one resource. Null: nothing is said.</summary>
/// <param name="Source">The LimitRange, for messages.</param>
/// <param name="OfPod">Whether it is about the sum of a pod's containers; each container otherwise.</param>
/// <param name="Resource"><c>cpu</c> or <c>memory</c>.</param>
public sealed record ContainerRange(string Source, bool OfPod, string Resource)
{
    public Quantity? Min { get; init; }

    public Quantity? Max { get; init; }

    /// <summary>The limit of a container that names none.</summary>
    public Quantity? Default { get; init; }

    /// <summary>How many times its request a limit may be.</summary>
    public double? Ratio { get; init; }

    /// <summary>The items of a LimitRange about cpu and memory of containers and pods; what cannot be read says nothing.</summary>
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

/// <summary>What a ResourceQuota leaves of one of its lines.</summary>
/// <param name="Source">The ResourceQuota, for messages.</param>
/// <param name="IsLimit">Whether it counts limits; requests otherwise.</param>
/// <param name="Resource"><c>cpu</c> or <c>memory</c>.</param>
/// <param name="Left">What is not used yet.</param>
public sealed record Quota(string Source, bool IsLimit, string Resource, double Left)
{
    /// <summary>
    /// The lines of a ResourceQuota about cpu and memory. One with scopes counts some pods only, by things that admission decides later:
    /// of those, the ones for pods that run on and ask for something are taken as counting this pod too.
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

    // Zero is an amount here, and no quantity there.
    private static double Amount(string? text) => text is null ? 0 : Quantity.Parse(text)?.Amount ?? 0;
}

internal static class ResourceNames
{
    public const string Cpu = "cpu";
    public const string Memory = "memory";

    public static IReadOnlyList<string> All { get; } = [Cpu, Memory];
}
