using System.CommandLine;
using Turnpike.Operator.Manifests;

var output = new Option<string>("--output", "-o") { Description = "The folder that holds config/ and docs/.", HelpName = "DIR", DefaultValueFactory = _ => "." };
var manifests = new Command("manifests", "Write the manifests and references that are generated from the code.") { output };
manifests.SetAction(async (parsed, cancellationToken) =>
{
    foreach (var (path, text) in GeneratedFiles.All)
    {
        var file = Path.Combine(parsed.GetValue(output)!, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, text, cancellationToken);
        await parsed.InvocationConfiguration.Output.WriteLineAsync(path);
    }
    return 0;
});
return await new RootCommand("The control plane of Turnpike.") { manifests }.Parse(args).InvokeAsync();
