using System.CommandLine;
using Turnpike.Cli.Demo;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike demo</c>: runs the walkthrough of 2017 on this machine and prints every step.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var keep = new Option<bool>("--keep")
        {
            Description = "Keep everything running at the end, and print commands to try. Ctrl-C stops it.",
        };
        var httpbin = new Option<string?>("--httpbin")
        {
            Description = "The httpbin program. Default: the one that was built beside this program.",
            HelpName = "PROGRAM",
        };
        var command = new Command("demo", "Run the ingress walkthrough on loopback ports, step by step. Exit code 0: every step succeeded.")
        {
            keep, httpbin,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var options = new DemoOptions(parsed.GetValue(keep), parsed.GetValue(httpbin));
            return Walkthrough.RunAsync(options, parsed.InvocationConfiguration.Output, TimeProvider.System, cancellationToken);
        });
        return command;
    }
}
