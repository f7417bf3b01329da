using System.CommandLine;
using Turnpike.Cli.Conversion;
using Turnpike.Cli.Injection;
using Turnpike.Injector.Text;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike convert</c>: converts old Ingresses to the version that current clusters serve.</summary>
internal static class ConvertCommand
{
    public static Command Create()
    {
        var file = new Option<string>("--filename", "-f")
        {
            Description = "The manifest to convert, or - for standard input.",
            HelpName = "FILE|-",
            Required = true,
        };
        var output = new Option<string?>("--output", "-o")
        {
            Description = "The file to write instead of standard output. It may be the input file.",
            HelpName = "FILE",
        };
        var diff = new Option<bool>("--diff") { Description = "Print what would change, like diff -u." };
        var command = new Command(
            "convert",
            "Convert Ingresses of extensions/v1beta1 and networking.k8s.io/v1beta1 to networking.k8s.io/v1. "
            + "Nothing else in the file changes.")
        {
            file, output, diff,
        };
        command.SetAction((parsed, _) =>
        {
            var io = KubeInjectIo.Real(parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            return Task.FromResult(Run(io, parsed.GetValue(file)!, parsed.GetValue(output), parsed.GetValue(diff)));
        });
        return command;
    }

    private static int Run(KubeInjectIo io, string file, string? output, bool diff)
    {
        var name = file == "-" ? "stdin" : file;
        var text = io.ReadFile(file);
        var result = ManifestConverter.Convert(name, text);
        foreach (var note in result.Notes)
            io.Error.WriteLine($"note: {note}");
        foreach (var error in result.Errors)
            io.Error.WriteLine($"error: {error}");
        if (result.Errors.Count > 0)
            return ExitCodes.Failure;
        if (result.Count == 0)
        {
            io.Error.WriteLine(
                $"note: {name}: nothing to convert: it has no Ingress of extensions/v1beta1 or networking.k8s.io/v1beta1");
        }
        var written = diff
            ? string.Concat(UnifiedDiff.Compare($"{name}\toriginal", text, $"{name}\tconverted", result.Text)
                .Select(line => line.Text + "\n"))
            : result.Text;
        if (output is null)
            io.Output.Write(written);
        else
            io.WriteFile(output, written);
        return ExitCodes.Success;
    }
}
