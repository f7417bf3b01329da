using System.CommandLine;
using Turnpike.Cli.Manifests;
using Turnpike.Routing;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike compile</c>: compiles a directory of manifests into the table of a proxy.</summary>
internal static class CompileCommand
{
    public static Command Create(GlobalOptions globals)
    {
        var directory = Shared.ConfigDir();
        var outputFile = new Option<string?>("--output", "-o")
        {
            Description = "The file for the table, which turnpike-proxy can read. Default: standard output.",
            HelpName = "FILE",
        };
        var text = new Option<bool>("--text") { Description = "Write the table as text for people, without private keys." };
        var command = new Command("compile", "Compile a directory of manifests into a route table.") { directory, outputFile, text };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (ns, profile) = (globals.NamespaceOrDefault(parsed), globals.ProfileOrDefault(parsed));
            var config = ConfigDirectory.Open(parsed.GetValue(directory)!, ns, profile).Load();
            foreach (var problem in config.Problems)
                await parsed.InvocationConfiguration.Error.WriteLineAsync(problem);
            var bytes = parsed.GetValue(text)
                ? System.Text.Encoding.UTF8.GetBytes(TableText.Write(config.Table))
                : RouteTableJson.Serialize(config.Table);
            if (parsed.GetValue(outputFile) is { Length: > 0 } file)
                await WriteAtomically(file, bytes, cancellationToken);
            else
                await parsed.InvocationConfiguration.Output.WriteAsync(System.Text.Encoding.UTF8.GetString(bytes));
            return config.HasErrors ? ExitCodes.Failure : ExitCodes.Success;
        });
        return command;
    }

    /// <summary>
    /// Replaces the file in one step, for proxies that watch it. Only its owner may read it, because it holds private keys.
    /// </summary>
    private static async Task WriteAtomically(string file, byte[] bytes, CancellationToken cancellationToken)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(file))!;
        var temporary = Path.Combine(directory, $".{Path.GetFileName(file)}.{Path.GetRandomFileName()}");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            await using (var stream = new FileStream(temporary, options))
                await stream.WriteAsync(bytes, cancellationToken);
            File.Move(temporary, file, overwrite: true);
        }
        catch (Exception e)
        {
            if (File.Exists(temporary))
                File.Delete(temporary);
            if (!FileFault.Is(e))
                throw;
            throw new CommandException($"--output: {FileFault.Writing(file, e)}");
        }
    }
}
