using System.CommandLine;
using Turnpike.Cli.Cluster;
using Turnpike.Cli.Cluster.Listing;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike get</c>: prints objects of the cluster as a table, as JSON, or as YAML that <c>replace</c> accepts.</summary>
internal static class GetCommand
{
    public static Command Create(GlobalOptions globals)
    {
        var type = new Argument<string>("TYPE") { Description = "The type of object: routerule or routerules." };
        var name = new Argument<string?>("NAME")
        {
            Description = "The name of one object. Default: all objects of the namespace.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var everywhere = new Option<bool>("--all-namespaces", "-A") { Description = "List the objects of every namespace." };
        var selector = new Option<string?>("--selector", "-l")
        {
            Description = "List the objects with these labels, for example: team=a,tier!=test.",
            HelpName = "SELECTOR",
        };
        var watch = new Option<bool>("--watch", "-w") { Description = "Print changes too, until interrupted." };
        var format = new Option<string>("--output", "-o")
        {
            Description = $"The output format. replace accepts {ListFormats.Yaml}; {ListFormats.Json} has everything that the cluster has, "
                + "and with --watch one event on each line.",
            HelpName = string.Join('|', ListFormats.All),
            DefaultValueFactory = _ => ListFormats.Short,
        };
        format.AcceptOnlyFromAmong([.. ListFormats.All]);
        var command = new Command("get", "Print route rules. Exit code 1: the named rule does not exist.")
        {
            type, name, everywhere, selector, watch, format,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(watch) && result.GetValue(format) == ListFormats.Yaml)
                result.AddError($"--watch cannot print YAML: use -o {ListFormats.Json}");
            if (string.IsNullOrEmpty(result.GetValue(name)))
                return;
            if (result.GetValue(everywhere))
                result.AddError("a name and --all-namespaces exclude each other: use -n NAMESPACE");
            if (!string.IsNullOrEmpty(result.GetValue(selector)))
                result.AddError("a name and --selector exclude each other");
        });
        command.SetAction(async (parsed, ct) =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            var resource = Resources.Named(parsed.GetValue(type)!);
            using var cluster = globals.Open(parsed);
            var listing = new ObjectListing(cluster, resource)
            {
                Name = parsed.GetValue(name) is { Length: > 0 } one ? one : null,
                Everywhere = parsed.GetValue(everywhere),
                Selector = parsed.GetValue(selector) is { Length: > 0 } labels ? labels : null,
                MissingIsNoFailure = ErrorStyle.Of(globals.Process.CalledAs).MissingIsNoFailure,
            };
            var printer = new ObjectPrinter(resource, parsed.GetValue(format)!, cluster.Clock);
            var found = await listing.FindAsync(ct);
            if (parsed.GetValue(watch))
                await listing.WatchAsync(printer, output, error, ct);
            else
                await output.WriteAsync(printer.Print(found, isOne: listing.Name is not null));
            return ExitCodes.Success;
        });
        return command;
    }
}
