using System.CommandLine;
using Turnpike.Cli.Validation;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike validate</c>: runs the checks of admission and of the compiler without a cluster.</summary>
internal static class ValidateCommand
{
    private const string Error = "error";
    private const string Warning = "warning";

    public static Command Create(GlobalOptions globals)
    {
        var files = new Argument<string[]>("FILE")
        {
            Description = "Files and directories, or - for standard input.",
            HelpName = "FILE|DIR|-",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var named = new Option<string[]>("--filename", "-f")
        {
            Description = "A file or directory, or - for standard input. May be repeated.",
            HelpName = "FILE|DIR|-",
        };
        var recursive = new Option<bool>("--recursive", "-R") { Description = "Read subdirectories too." };
        var failOn = new Option<string>("--fail-on")
        {
            Description = "The least severity for exit code 1.",
            HelpName = $"{Error}|{Warning}",
            DefaultValueFactory = _ => Error,
        };
        failOn.AcceptOnlyFromAmong(Error, Warning);
        var verbose = new Option<bool>("--verbose", "-v") { Description = "List the objects that are not checked." };
        var format = Shared.Format();
        var command = new Command(
            "validate",
            "Check manifests, each by itself and all together. Exit code 0: valid, 1: invalid, 2: a usage error, or no manifest found.")
        {
            files, named, recursive, failOn, verbose, format,
        };
        command.Validators.Add(result =>
        {
            if (Sources(result.GetValue(files), result.GetValue(named)).Length == 0)
                result.AddError("validate needs a file, a directory, or - for standard input");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var ns = globals.NamespaceOrDefault(parsed);
            var sources = Sources(parsed.GetValue(files), parsed.GetValue(named));
            var set = await ManifestSet.ReadAsync(sources, parsed.GetValue(recursive), ns, globals.Process.Input, cancellationToken);
            var report = ValidationReport.Of(set.Manifests, globals.ProfileOrDefault(parsed));
            var invocation = parsed.InvocationConfiguration;
            if (Shared.IsJson(parsed, format))
                await invocation.Output.WriteAsync(ValidationPrinter.Json(report));
            else
                await ValidationPrinter.TextAsync(report, parsed.GetValue(verbose), invocation.Output, invocation.Error);
            var isBad = report.Invalid > 0 || (parsed.GetValue(failOn) == Warning && report.Warnings > 0);
            return isBad ? ExitCodes.Failure : ExitCodes.Success;
        });
        return command;
    }

    private static string[] Sources(string[]? files, string[]? named) =>
        [.. (files ?? []).Concat(named ?? []).Where(file => file.Length > 0).Distinct(StringComparer.Ordinal)];
}
