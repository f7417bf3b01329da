using System.CommandLine;
using Turnpike.Cli.Manifests;
using Turnpike.Compiler;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike validate</c>: what admission would say, without a cluster.</summary>
internal static class ValidateCommand
{
    public static Command Create(GlobalOptions globals)
    {
        var file = new Option<string>("--filename", "-f") { Description = "File, directory or - for standard input.", HelpName = "FILE|DIR|-", Required = true };
        var command = new Command("validate", "Check manifests: exit code 0 valid, 1 invalid, 2 usage.") { file };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var manifests = await ReadAsync(parsed.GetValue(file)!, globals.NamespaceOrDefault(parsed), Console.In, cancellationToken);
            return await RunAsync(manifests, parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
        });
        return command;
    }

    private static async Task<IReadOnlyList<Manifest>> ReadAsync(string source, string ns, TextReader input, CancellationToken cancellationToken)
    {
        if (source == "-")
            return ManifestReader.ReadText(await input.ReadToEndAsync(cancellationToken), "stdin", ns);
        if (Directory.Exists(source))
            return [.. ManifestReader.FilesOf(source).SelectMany(f => ManifestReader.ReadFile(f, f, ns))];
        if (!File.Exists(source))
            throw new CommandException($"-f: there is no file or directory \"{source}\"");
        return ManifestReader.ReadFile(source, source, ns);
    }

    private static async Task<int> RunAsync(IReadOnlyList<Manifest> manifests, TextWriter output, TextWriter error)
    {
        int valid = 0, invalid = 0, skipped = 0;
        foreach (var manifest in manifests)
        {
            if (manifest.Error is { } fault)
            {
                invalid++;
                await error.WriteLineAsync($"error: {manifest.Describe()}: {fault}");
                continue;
            }
            if (!ObjectStore.Reads(manifest.Root!))
            {
                skipped++;
                await error.WriteLineAsync($"note: {manifest.Describe()}: kind {manifest.Key!.Value.Kind} is not checked");
                continue;
            }
            var read = ReadObject.From(manifest.Root!);
            foreach (var fieldError in read.Errors)
                await error.WriteLineAsync($"error: {manifest.Describe()}: {fieldError}");
            foreach (var warning in read.Warnings)
                await error.WriteLineAsync($"warning: {manifest.Describe()}: {warning}");
            if (read.Errors.Count == 0)
                valid++;
            else
                invalid++;
        }
        await output.WriteLineAsync($"{valid} valid, {invalid} invalid, {skipped} skipped");
        return invalid == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }
}
