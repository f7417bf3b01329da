using System.CommandLine;
using Turnpike.Cli.Cluster;
using Turnpike.Cli.Cluster.Listing;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike get</c>: what is in the cluster, as a table, for programs, or as YAML that <c>replace</c> takes back.</summary>
internal static class GetCommand
{
    public static Command Create(GlobalOptions globals)
    {
        var type = new Argument<string>("TYPE") { Description = "What to list: routerule, or routerules." };
        var name = new Argument<string?>("NAME") { Description = "One object. Default: all of the namespace.", Arity = ArgumentArity.ZeroOrOne };
        var everywhere = new Option<bool>("--all-namespaces", "-A") { Description = "List those of every namespace." };
        var selector = new Option<string?>("--selector", "-l") { Description = "List those with these labels, for example: team=a,tier!=test", HelpName = "SELECTOR" };
        var watch = new Option<bool>("--watch", "-w") { Description = "Print what changes too, until interrupted." };
        var format = new Option<string>("--output", "-o")
        {
            Description = $"How to print. {ListFormats.Yaml} is what replace takes; {ListFormats.Json} is all that the cluster has, with --watch one event a line.",
            HelpName = string.Join('|', ListFormats.All),
            DefaultValueFactory = _ => ListFormats.Short,
        };
        format.AcceptOnlyFromAmong([.. ListFormats.All]);
        var command = new Command("get", "Print route rules: exit code 1 where one that is named is not there.") { type, name, everywhere, selector, watch, format };
        command.Validators.Add(result =>
        {
            if (result.GetValue(watch) && result.GetValue(format) == ListFormats.Yaml)
                result.AddError($"--watch prints no YAML: take -o {ListFormats.Json}");
            if (string.IsNullOrEmpty(result.GetValue(name)))
                return;
            if (result.GetValue(everywhere))
                result.AddError("a name and --all-namespaces exclude each other: -n NAMESPACE says where it is");
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
