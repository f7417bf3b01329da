using System.CommandLine;
using Turnpike.Cli.Cluster;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike replace</c>: other versions of objects that are there.</summary>
internal static class ReplaceCommand
{
    public static Command Create(GlobalOptions globals) => ChangeOptions.Command(
        ChangeVerb.Replace, "Replace route rules in the cluster; with metadata.resourceVersion, only where nobody else changed them.", globals);
}
