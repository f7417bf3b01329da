using System.Text.Json.Nodes;
using Turnpike.Cli.Manifests;
using Turnpike.Compiler;

namespace Turnpike.Cli.Validation;

/// <summary>Prints a report as text or as JSON.</summary>
internal static class ValidationPrinter
{
    public static async Task TextAsync(ValidationReport report, bool verbose, TextWriter output, TextWriter error)
    {
        foreach (var finding in report.Findings)
        {
            var reason = finding.Reason is null ? "" : finding.Reason + ": ";
            var message = CommandException.OneLine(finding.Message);
            await error.WriteLineAsync($"{Severity(finding)}: {finding.Manifest.Describe()}: {reason}{message}");
        }
        if (verbose)
        {
            foreach (var (manifest, why) in report.Skipped)
                await error.WriteLineAsync($"note: {manifest.Describe()}: not checked: {why}");
        }
        var warnings = report.Warnings switch { 0 => "", 1 => ", 1 warning", var many => $", {many} warnings" };
        await output.WriteLineAsync($"{report.Valid} valid, {report.Invalid} invalid{warnings}");
        if (report.Skipped.Length > 0 && !verbose)
        {
            await output.WriteLineAsync(report.Skipped.Length == 1
                ? "1 object of another kind skipped (--verbose lists it)"
                : $"{report.Skipped.Length} objects of other kinds skipped (--verbose lists them)");
        }
    }

    public static string Json(ValidationReport report) => JsonOutput.Write(new JsonObject
    {
        ["valid"] = report.Valid,
        ["invalid"] = report.Invalid,
        ["warnings"] = report.Warnings,
        ["findings"] = new JsonArray([.. report.Findings.Select(Of)]),
        ["skipped"] = new JsonArray([.. report.Skipped.Select(s => With(Place(s.Manifest), "reason", s.Why))]),
    });

    private static JsonObject Of(Finding finding)
    {
        var json = new JsonObject
        {
            ["severity"] = Severity(finding),
            ["reason"] = finding.Reason ?? (finding.IsError ? DiagnosticReasons.Invalid : DiagnosticReasons.NoEffect),
            ["message"] = CommandException.OneLine(finding.Message),
        };
        foreach (var (name, value) in Place(finding.Manifest))
            json[name] = value?.DeepClone();
        return json;
    }

    private static JsonObject Place(Manifest manifest)
    {
        var json = new JsonObject
        {
            ["file"] = manifest.Location.File,
            ["document"] = manifest.Location.Document,
            ["line"] = manifest.Location.Line,
        };
        if (manifest.Location.Item > 0)
            json["item"] = manifest.Location.Item;
        if (manifest.Key is { } key)
        {
            json["kind"] = key.Kind;
            json["namespace"] = key.Namespace;
            json["name"] = key.Name;
        }
        return json;
    }

    private static JsonObject With(JsonObject json, string name, string value)
    {
        json[name] = value;
        return json;
    }

    private static string Severity(Finding finding) => finding.IsError ? "error" : "warning";
}
