using System.CommandLine;
using Turnpike.Cli.Cluster;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike replace</c>: replaces objects that exist.</summary>
internal static class ReplaceCommand
{
    public static Command Create(GlobalOptions globals) => ChangeOptions.Command(
        ChangeVerb.Replace,
        "Replace route rules in the cluster. With metadata.resourceVersion, a rule is replaced only if nobody else has changed it.",
        globals);
}
