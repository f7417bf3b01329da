using System.CommandLine;
using Turnpike.Cli.Explain;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike explain</c>: explains how the ingress routes one request.</summary>
internal static class ExplainCommand
{
    public static Command Create(GlobalOptions globals)
    {
        var method = new Argument<string>("METHOD")
        {
            Description = "The method, such as GET or POST.",
            HelpName = "METHOD",
            Arity = ArgumentArity.ExactlyOne,
        };
        method.CompletionSources.Add("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");
        var url = new Argument<string>("URL")
        {
            Description = "The URL that the client requests: http://HOST[:PORT]/PATH or https://HOST[:PORT]/PATH.",
            Arity = ArgumentArity.ExactlyOne,
        };
        var headers = new Option<string[]>("--header", "-H")
        {
            Description = "A header of the request. Host overrides that of the URL. May be repeated.",
            HelpName = "'Name: value'",
        };
        var directory = Shared.ConfigDir();
        directory.Required = false;
        var table = new Option<string?>("--table") { Description = "A table that turnpike compile wrote.", HelpName = "FILE" };
        var format = Shared.Format();
        var expect = new Option<int?>("--expect")
        {
            Description = "Exit with code 1 unless the response has this status; 200 stands for the response of an endpoint.",
            HelpName = "STATUS",
        };
        var backend = new Option<string?>("--expect-backend")
        {
            Description = "Exit with code 1 unless every request goes to this service.",
            HelpName = "NAMESPACE/SERVICE[:PORT]",
        };
        backend.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && token.Value.Split('/') is not [{ Length: > 0 }, { Length: > 0 }])
            {
                result.AddError(
                    $"--expect-backend: \"{token.Value}\" is not a service; write NAMESPACE/SERVICE or NAMESPACE/SERVICE:PORT");
            }
        });
        var command = new Command(
            "explain", "Explain how the ingress routes a request, by the cluster, a directory or a table. Nothing is sent.")
        {
            method, url, headers, directory, table, expect, backend, format,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(directory) is not null && result.GetResult(table) is not null)
                result.AddError("--config-dir and --table exclude each other");
        });
        command.SetAction(async (parsed, ct) =>
        {
            var request = ExplainedRequest.Parse(parsed.GetValue(method)!, parsed.GetValue(url)!, parsed.GetValue(headers) ?? []);
            var source = await SourceAsync(globals, parsed, parsed.GetValue(directory), parsed.GetValue(table), ct);
            var report = ExplainReport.Of(request, source);
            var text = Shared.IsJson(parsed, format) ? ExplainPrinter.Json(report) : ExplainPrinter.Text(report);
            await parsed.InvocationConfiguration.Output.WriteAsync(text);
            var faults = new Expectation(parsed.GetValue(expect), parsed.GetValue(backend)).FaultsOf(report).ToList();
            return faults.Count == 0 ? ExitCodes.Success : throw new CommandException("the request is not routed as expected", faults);
        });
        return command;
    }

    private static async Task<ExplainSource> SourceAsync(
        GlobalOptions globals, ParseResult parsed, string? directory, string? table, CancellationToken ct)
    {
        if (directory is { Length: > 0 })
            return ExplainSource.OfDirectory(directory, globals.NamespaceOrDefault(parsed), globals.ProfileOrDefault(parsed));
        if (table is { Length: > 0 })
            return ExplainSource.OfTable(table);
        using var cluster = globals.Open(parsed);
        return await ExplainSource.OfClusterAsync(cluster, ct);
    }
}
