using System.CommandLine;
using Turnpike.Cli.Cluster;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike create</c>: creates objects, which must not exist yet.</summary>
internal static class CreateCommand
{
    public static Command Create(GlobalOptions globals) =>
        ChangeOptions.Command(ChangeVerb.Create, "Create route rules in the cluster. All documents are checked before the first is sent.", globals);
}
