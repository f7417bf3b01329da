using Turnpike.Api;
using Turnpike.Api.RouteRules;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster;

/// <summary>The kinds that the commands ask for.</summary>
internal static class Resources
{
    public static readonly ResourceRef RouteRules = new(Names.Group, Names.Version, "routerules", RouteRuleReader.Kind);
    /// <summary>The definition of RouteRules.</summary>
    public const string DefinitionName = "routerules." + Names.Group;

    public static readonly ResourceRef Namespaces = new("", "v1", "namespaces", "Namespace");
    public static readonly ResourceRef Definitions = new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition");
    public static readonly ResourceRef ConfigMaps = new("", "v1", "configmaps", "ConfigMap");
    public static readonly ResourceRef Pods = new("", "v1", "pods", "Pod");
    public static readonly ResourceRef Nodes = new("", "v1", "nodes", "Node");
    public static readonly ResourceRef Deployments = new("apps", "v1", "deployments", "Deployment");
    public static readonly ResourceRef Ingresses = new("networking.k8s.io", "v1", "ingresses", "Ingress");
    public static readonly ResourceRef IngressClasses = new("networking.k8s.io", "v1", "ingressclasses", "IngressClass");
    public static readonly ResourceRef ValidatingWebhooks =
        new("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration");
    public static readonly ResourceRef MutatingWebhooks =
        new("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration");

    private static readonly string[] RouteRuleTypes = ["routerule", "routerules"];

    /// <summary>The kind that a user names on the command line, in the singular or the plural.</summary>
    /// <exception cref="CommandException">There is none of that name.</exception>
    public static ResourceRef Named(string type)
    {
        if (RouteRuleTypes.Contains(type, StringComparer.OrdinalIgnoreCase))
            return RouteRules;
        var meant = type.Replace("-", "", StringComparison.Ordinal);
        throw new CommandException(RouteRuleTypes.Contains(meant, StringComparer.OrdinalIgnoreCase)
            ? $"unknown type \"{type}\": write {meant.ToLowerInvariant()}, without the hyphen"
            : $"unknown type \"{type}\": the types are {string.Join(", ", RouteRuleTypes)}");
    }
}
