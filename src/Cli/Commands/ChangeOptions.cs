using System.CommandLine;
using Turnpike.Cli.Cluster;
using Turnpike.Reading;

namespace Turnpike.Cli.Commands;

/// <summary>Builds <c>create</c> and <c>replace</c>, which differ in the verb only.</summary>
internal static class ChangeOptions
{
    private const string DefaultWait = "30s";

    public static Option<string?> File(string use) => new("--file", "-f", "--filename")
    {
        Description = $"The objects to {use}, as YAML or JSON, or - for standard input.",
        HelpName = "FILE|-",
    };

    public static Command Command(ChangeVerb verb, string description, GlobalOptions globals)
    {
        var file = File(verb.Name);
        var wait = new Option<string?>("--wait")
        {
            Description = $"Wait until every proxy uses the rules, for at most this time. Default: {DefaultWait}.",
            HelpName = "DURATION",
            Arity = ArgumentArity.ZeroOrOne,
        };
        wait.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && Limit(token.Value, out var fault) is null)
                result.AddError($"--wait: \"{token.Value}\" {fault}");
        });
        var command = new Command(verb.Name, description) { file, wait };
        command.Validators.Add(result =>
        {
            if (string.IsNullOrEmpty(result.GetValue(file)))
                result.AddError($"filename not specified: {verb.Name} needs -f FILE, or -f - for standard input");
        });
        command.SetAction(async (parsed, ct) =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            // Files are checked first, because their errors do not depend on the cluster.
            var reader = new ObjectInput(globals.Cluster(parsed).Namespace, globals.Process.Input, error);
            var input = await reader.ReadAsync(parsed.GetValue(file)!, verb, ct);
            using var cluster = globals.Open(parsed);
            var objects = await input.ForAsync(cluster, ct);
            var sent = await new ObjectChanges(cluster, output).SendAsync(objects, verb, ct);
            if (parsed.GetResult(wait) is not null)
            {
                var limit = Limit(parsed.GetValue(wait) ?? DefaultWait, out _)!.Value;
                await new ProgrammedWait(cluster, output).RunAsync(sent, limit, ct);
            }
            return ExitCodes.Success;
        });
        return command;
    }

    private static TimeSpan? Limit(string text, out string? fault)
    {
        if (!GoDuration.TryParse(text, out var duration, out fault))
            return null;
        if (duration.Nanoseconds > 0)
            return duration.TimeSpan;
        fault = "must be greater than zero";
        return null;
    }
}
