using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Turnpike.Cli.Cluster.Status;

/// <summary>Prints the state of an installation as text or as JSON.</summary>
internal static class StatusPrinter
{
    public static bool IsHealthy(IEnumerable<StatusPart> parts) => parts.All(part => part.State != PartState.Problem);

    /// <summary>Returns the exit code. A problem takes precedence over a part whose state is not known.</summary>
    public static int ExitCode(IReadOnlyList<StatusPart> parts) =>
        !IsHealthy(parts) ? ExitCodes.Failure
        : parts.Any(part => part.State == PartState.Unknown) ? ExitCodes.CannotTell
        : ExitCodes.Success;

    public static string Text(IReadOnlyList<StatusPart> parts)
    {
        var text = new StringBuilder();
        foreach (var part in parts)
        {
            text.Append(part.Name.PadRight(14)).Append(Word(part.State).PadRight(9)).Append(part.Summary).Append('\n');
            foreach (var problem in part.Problems)
                text.Append("  ! ").Append(CommandException.OneLine(problem)).Append('\n');
            if (part is { State: PartState.Problem, Remedy: { } remedy })
                text.Append("  > ").Append(remedy).Append('\n');
            if (part.ShowsItems && part.Items.Count > 0)
                AppendTable(text, part.Items);
        }
        var problems = parts.Sum(part => part.Problems.Count);
        var unknown = parts.Count(part => part.State == PartState.Unknown);
        text.Append(problems == 0 ? "no problems" : $"{problems} problem{(problems == 1 ? "" : "s")}");
        return text.Append(unknown == 0 ? "\n" : $", {unknown} part{(unknown == 1 ? "" : "s")} not known\n").ToString();
    }

    public static string Json(Uri server, IReadOnlyList<StatusPart> parts)
    {
        var json = new JsonObject
        {
            ["server"] = server.ToString(),
            ["healthy"] = IsHealthy(parts),
            ["parts"] = new JsonArray([.. parts.Select(Json)]),
        };
        return JsonOutput.Write(json);
    }

    private static JsonObject Json(StatusPart part)
    {
        var json = new JsonObject
        {
            ["name"] = part.Name,
            ["state"] = Word(part.State),
            ["summary"] = part.Summary,
            ["problems"] = new JsonArray([.. part.Problems.Select(problem => JsonValue.Create(problem))]),
            ["items"] = new JsonArray([.. part.Items.Select(item => item.DeepClone())]),
        };
        if (part is { State: PartState.Problem, Remedy: { } remedy })
            json["remedy"] = remedy;
        return json;
    }

    private static void AppendTable(StringBuilder text, IReadOnlyList<JsonObject> items)
    {
        var table = new TextTable([.. items[0].Select(member => member.Key.ToUpperInvariant())]);
        foreach (var item in items)
            table.Add([.. item.Select(member => Cell(member.Value))]);
        foreach (var line in table.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries))
            text.Append("  ").Append(line).Append('\n');
    }

    private static string Cell(JsonNode? value) => value?.GetValueKind() switch
    {
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        _ => value?.ToString() ?? "",
    };

    private static string Word(PartState state) => state switch
    {
        PartState.Ok => "ok",
        PartState.Problem => "problem",
        _ => "unknown",
    };
}
