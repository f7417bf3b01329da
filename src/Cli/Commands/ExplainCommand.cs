using System.CommandLine;
using Turnpike.Cli.Explain;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike explain</c>: what becomes of one request, and why.</summary>
internal static class ExplainCommand
{
    private const string Text = "text";
    private const string Json = "json";

    public static Command Create(GlobalOptions globals)
    {
        var method = new Argument<string>("METHOD") { Description = "GET, POST, …", HelpName = "METHOD", Arity = ArgumentArity.ExactlyOne };
        method.CompletionSources.Add("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");
        var url = new Argument<string>("URL") { Description = "http://HOST[:PORT]/PATH or https://…, as the client asks for it.", Arity = ArgumentArity.ExactlyOne };
        var headers = new Option<string[]>("--header", "-H") { Description = "A header of the request; Host goes before the URL's. May be repeated.", HelpName = "'Name: value'" };
        var directory = Shared.ConfigDir();
        directory.Required = false;
        var table = new Option<string?>("--table") { Description = "A table that turnpike compile wrote.", HelpName = "FILE" };
        var format = new Option<string>("--output", "-o") { Description = "How to print.", HelpName = $"{Text}|{Json}", DefaultValueFactory = _ => Text };
        format.AcceptOnlyFromAmong(Text, Json);
        var command = new Command("explain", "Say which way a request takes through the ingress, and why: on the cluster, a directory or a table. Nothing is sent.")
        {
            method, url, headers, directory, table, format,
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
            await parsed.InvocationConfiguration.Output.WriteAsync(parsed.GetValue(format) == Json ? ExplainPrinter.Json(report) : ExplainPrinter.Text(report));
            return ExitCodes.Success;
        });
        return command;
    }

    private static async Task<ExplainSource> SourceAsync(GlobalOptions globals, ParseResult parsed, string? directory, string? table, CancellationToken ct)
    {
        if (directory is { Length: > 0 })
            return ExplainSource.OfDirectory(directory, globals.NamespaceOrDefault(parsed), globals.ProfileOrDefault(parsed));
        if (table is { Length: > 0 })
            return ExplainSource.OfTable(table);
        using var cluster = globals.Open(parsed);
        return await ExplainSource.OfClusterAsync(cluster, ct);
    }
}
