using System.CommandLine;
using Turnpike.Cli.Cluster;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike delete</c>: deletes objects by file, or by type and names.</summary>
internal static class DeleteCommand
{
    public static Command Create(GlobalOptions globals)
    {
        var file = ChangeOptions.File(ChangeVerb.Delete.Name);
        var targets = new Argument<string[]>("TYPE NAME")
        {
            Description = "The objects to delete, for example: routerule httpbin-3s-rule.",
            HelpName = "TYPE NAME...",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new Command("delete", "Delete route rules by file, or by type and name.") { targets, file };
        command.Validators.Add(result =>
        {
            var given = result.GetValue(targets) ?? [];
            var isFile = !string.IsNullOrEmpty(result.GetValue(file));
            if (isFile && given.Length > 0)
                result.AddError("delete takes a file or a type and names, not both");
            else if (!isFile && given.Length < 2)
                result.AddError("delete needs a type and at least one name, or -f FILE");
        });
        command.SetAction(async (parsed, ct) =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            if (parsed.GetValue(targets) is [var type, .. var names])
            {
                var resource = Resources.Named(type);
                using var cluster = globals.Open(parsed);
                await new ObjectChanges(cluster, output).DeleteAsync(resource, type, names, ct);
            }
            else
            {
                var reader = new ObjectInput(globals.Cluster(parsed).Namespace, globals.Process.Input, error);
                var input = await reader.ReadAsync(parsed.GetValue(file)!, ChangeVerb.Delete, ct);
                using var cluster = globals.Open(parsed);
                await new ObjectChanges(cluster, output).DeleteAsync(await input.ForAsync(cluster, ct), ct);
            }
            return ExitCodes.Success;
        });
        return command;
    }
}
