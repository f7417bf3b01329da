using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Turnpike.Compiler;
using Turnpike.Routing;

namespace Turnpike.Cli.Explain;

/// <summary>Prints an explanation as text or as JSON.</summary>
internal static class ExplainPrinter
{
    private const int LabelWidth = 14;

    public static string Text(ExplainReport report)
    {
        var text = new StringBuilder();
        void Line(string label, string value) =>
            text.Append(label.PadRight(LabelWidth)).Append(CommandException.OneLine(value)).Append('\n');
        var request = report.Request;
        Line("request", $"{request.Method} {request.Scheme}://{request.Authority}{request.Target}");
        foreach (var header in request.Headers)
            Line("", $"{header.Key}: {header.Value}");
        Line("listener", report.Listener);
        if (report.Request.Scheme == "https")
            Line("certificate", report.Certificate ?? "none");
        Line("virtual host", report.Way.Host?.Domain ?? "none");
        if (report.Way.Entry is { } entry)
            Line("ingress", $"{entry.Origin}: {entry.Path}");
        AppendRules(text, report);
        foreach (var target in report.Targets)
            Line(target == report.Targets[0] ? "to" : "", Describe(target, report.Targets.Length));
        foreach (var step in report.Steps)
            Line(step.What, step.Text);
        Line("response", report.Outcome);
        var problems = ExplainProblems.Of(report);
        foreach (var problem in problems.OfThePath)
            Line("problem", problem);
        foreach (var other in problems.Also)
            Line("also", other);
        foreach (var note in report.Source.Notes)
            Line("note", note);
        return text.ToString();
    }

    public static string Json(ExplainReport report)
    {
        var request = report.Request;
        var problems = ExplainProblems.Of(report);
        var json = new JsonObject
        {
            ["source"] = report.Source.Name,
            ["tableVersion"] = report.Source.Table.Version,
            ["request"] = new JsonObject
            {
                ["method"] = request.Method,
                ["scheme"] = request.Scheme,
                ["authority"] = request.Authority,
                ["target"] = request.Target,
                ["headers"] = Array(request.Headers.Select(h => new JsonObject { ["name"] = h.Key, ["value"] = h.Value })),
            },
            ["listener"] = report.Listener,
            ["certificate"] = report.Certificate,
            ["virtualHost"] = report.Way.Host?.Domain,
            ["ingress"] = report.Way.Entry is { } entry ? Ingress(entry) : null,
            ["rules"] = Array(report.Rules.Select(r => new JsonObject { ["name"] = r.Rule, ["taken"] = r.Taken, ["reason"] = r.Reason })),
            ["targets"] = Array(report.Targets.Select(t => new JsonObject
            {
                ["cluster"] = t.Cluster,
                ["weight"] = t.Weight,
                ["endpoints"] = Array(t.Endpoints.Select(e => JsonValue.Create(e.ToString()))),
            })),
            ["steps"] = Array(report.Steps.Select(s => new JsonObject { ["what"] = s.What, ["text"] = s.Text })),
            ["status"] = report.Status,
            ["response"] = report.Outcome,
            ["problems"] = Array(problems.OfThePath.Select(p => JsonValue.Create(p))),
            ["also"] = Array(problems.Also.Select(p => JsonValue.Create(p))),
            ["notes"] = Array(report.Source.Notes.Select(n => JsonValue.Create(n))),
        };
        return JsonOutput.Write(json);
    }

    private static JsonObject Ingress(PathEntry entry)
    {
        var (rule, path, tls) = IngressPaths.NumbersOf(entry.Origin.Field);
        return new JsonObject
        {
            ["name"] = entry.Origin.Name,
            ["rule"] = rule,
            ["path"] = path,
            ["tls"] = tls,
            ["match"] = entry.Path.ToString(),
        };
    }

    private static void AppendRules(StringBuilder text, ExplainReport report)
    {
        if (report.Rules.IsEmpty)
            return;
        text.Append("rules\n");
        var width = report.Rules.Max(r => Name(r).Length);
        foreach (var rule in report.Rules)
        {
            var mark = rule.Taken ? "  > " : "    ";
            text.Append(mark).Append(Name(rule).PadRight(width)).Append("  ").Append(CommandException.OneLine(rule.Reason)).Append('\n');
        }
    }

    private static string Name(RuleTrial rule) => rule.Rule ?? "(no rule)";

    private static string Describe(Target target, int of)
    {
        var share = of == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"{target.Weight}% ");
        return $"{share}{target.Cluster}: {(target.Endpoints.IsEmpty ? "no endpoint" : string.Join(", ", target.Endpoints))}";
    }

    private static JsonArray Array(IEnumerable<JsonNode?> items) => [.. items];
}
