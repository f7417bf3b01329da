using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Api.RouteRules;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Watch;
using Turnpike.Yaml;

namespace Turnpike.Cli.Cluster.Listing;

/// <summary>Prints objects of one kind in the requested format.</summary>
/// <param name="resource">The kind.</param>
/// <param name="format">One of <see cref="ListFormats"/>.</param>
/// <param name="clock">The clock for ages.</param>
internal sealed class ObjectPrinter(ResourceRef resource, string format, TimeProvider clock)
{
    private static readonly string[] ShortHeadings = ["NAME", "KIND", "NAMESPACE"];
    private static readonly string[] WideHeadings = [.. ShortHeadings, "DESTINATION", "PRECEDENCE", "ACCEPTED", "PROGRAMMED", "AGE"];

    private string[] Headings => format == ListFormats.Wide ? WideHeadings : ShortHeadings;

    /// <summary>The table of a watch. Its columns are as wide as in the first rows, or wider.</summary>
    private TextTable? _events;

    /// <summary>Returns the objects in the requested format.</summary>
    /// <param name="items">The objects.</param>
    /// <param name="isOne">Whether one object was requested by name. Then JSON is the object itself instead of a list.</param>
    public string Print(IReadOnlyList<JsonObject> items, bool isOne) => format switch
    {
        ListFormats.Json when isOne && items is [var only] => JsonOutput.Write(Whole(only)),
        ListFormats.Json => JsonOutput.Write(List(items)),
        _ when items.Count == 0 => format == ListFormats.Name ? "" : "No resources found.\n",
        ListFormats.Yaml => string.Concat(items.Select(item => YamlText.Write(Sendable(item)) + "---\n")),
        ListFormats.Name => string.Concat(items.Select(Name)),
        _ => Table(items),
    };

    /// <summary>Returns one change of a watch.</summary>
    public string Print(ObjectChange<JsonObject> change)
    {
        var (item, type) = change switch
        {
            { New: null, Old: { } gone } => (gone, "DELETED"),
            { Old: null } => (change.New!, "ADDED"),
            _ => (change.New!, "MODIFIED"),
        };
        switch (format)
        {
            case ListFormats.Json:
                return new JsonObject { ["type"] = type, ["object"] = Whole(item) }.ToJsonString() + "\n";
            case ListFormats.Name:
                return Name(item);
            default:
                _events ??= new TextTable(["EVENT", .. Headings]);
                _events.Add([type, .. Cells(item)]);
                return _events.TakeNew();
        }
    }

    private string Table(IReadOnlyList<JsonObject> items)
    {
        var table = new TextTable(Headings);
        foreach (var item in items)
            table.Add(Cells(item));
        return table.ToString();
    }

    private string[] Cells(JsonObject item)
    {
        using var document = JsonDocument.Parse(item.ToJsonString());
        var json = document.RootElement;
        var key = json.Key();
        string[] cells = [key.Name, $"{resource.Kind}.{resource.Version}.{resource.Group}", key.Namespace];
        if (format != ListFormats.Wide)
            return cells;
        var spec = json.Child("spec");
        var status = RuleStatus.Read(json);
        return
        [
            .. cells,
            spec?.Child("destination")?.Text("name") ?? "",
            spec?.Child("precedence")?.ToString() ?? "0",
            status.Accepted?.Status ?? "Unknown",
            status.Programmed?.Status ?? "Unknown",
            Age(json.Child("metadata")?.Text("creationTimestamp")),
        ];
    }

    private string Name(JsonObject item) => $"{resource.Kind.ToLowerInvariant()}.{resource.Group}/{(string?)item["metadata"]?["name"]}\n";

    /// <summary>Returns the age in the largest unit of which there are at least two.</summary>
    private string Age(string? created)
    {
        if (!DateTimeOffset.TryParse(created, CultureInfo.InvariantCulture, out var time))
            return "unknown";
        var now = clock.GetUtcNow();
        var age = now > time ? now - time : TimeSpan.Zero;
        var (value, unit) = age switch
        {
            { TotalDays: >= 2 } => (age.TotalDays, "d"),
            { TotalHours: >= 2 } => (age.TotalHours, "h"),
            { TotalMinutes: >= 2 } => (age.TotalMinutes, "m"),
            _ => (age.TotalSeconds, "s"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(value):0}{unit}");
    }

    private static JsonObject List(IReadOnlyList<JsonObject> items) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "List",
        ["items"] = new JsonArray([.. items.Select(Whole)]),
    };

    /// <summary>Returns the object as the cluster has it, without the managed fields.</summary>
    private static JsonObject Whole(JsonObject item)
    {
        var whole = (JsonObject)item.DeepClone();
        (whole["metadata"] as JsonObject)?.Remove("managedFields");
        return whole;
    }

    /// <summary>
    /// Returns the object as it would be sent. A rule that is not valid is returned as it is stored, so that it can be corrected.
    /// </summary>
    private static JsonObject Sendable(JsonObject item)
    {
        if (RouteRuleReader.Read(item).Value is { } rule)
            return RouteRuleWriter.Write(rule);
        var raw = Whole(item);
        raw.Remove("status");
        return raw;
    }
}
