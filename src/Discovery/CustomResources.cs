using Turnpike.Api;
using Turnpike.Hosting.Client;

namespace Turnpike.Discovery;

/// <summary>The kinds that this project defines. Kinds of Kubernetes are in <see cref="KnownResources"/>.</summary>
public static class CustomResources
{
    public static readonly ResourceRef RouteRules = new(Names.Group, Names.Version, "routerules", Kinds.RouteRule);
}
