using Turnpike.Api;
using Turnpike.Discovery;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster;

/// <summary>The kinds that a user can name on the command line.</summary>
internal static class Resources
{
    /// <summary>The name of the definition of RouteRules.</summary>
    public const string DefinitionName = "routerules." + Names.Group;

    private static readonly string[] RouteRuleTypes = ["routerule", "routerules"];

    /// <summary>Returns the kind that a user names on the command line, in the singular or the plural.</summary>
    /// <exception cref="CommandException">There is no kind of that name.</exception>
    public static ResourceRef Named(string type)
    {
        if (RouteRuleTypes.Contains(type, StringComparer.OrdinalIgnoreCase))
            return CustomResources.RouteRules;
        var meant = type.Replace("-", "", StringComparison.Ordinal);
        throw new CommandException(RouteRuleTypes.Contains(meant, StringComparer.OrdinalIgnoreCase)
            ? $"unknown type \"{type}\": write {meant.ToLowerInvariant()}, without the hyphen"
            : $"unknown type \"{type}\": the types are {string.Join(", ", RouteRuleTypes)}");
    }
}
