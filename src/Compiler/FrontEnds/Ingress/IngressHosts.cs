using System.Collections.Immutable;
using Turnpike.Api.Ingresses;
using Turnpike.Compiler.FrontEnds.Ingress;
using Turnpike.Compiler.Hosts;

namespace Turnpike.Compiler;

/// <summary>Asks the owners of hosts about an Ingress.</summary>
public static class IngressHosts
{
    /// <summary>
    /// Returns all hosts that an Ingress asks for and may not have. The Ingress need not be among those from which the owners were
    /// computed.
    /// </summary>
    public static ImmutableArray<HostRefusal> Refusals(this HostOwners owners, IngressObject ingress) => owners.Refusals(IngressRequests.Of(ingress));
}
