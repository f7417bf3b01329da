using System.Net;
using Turnpike.IngressProxy;
using Turnpike.Routing;

namespace Turnpike.Tests.IngressProxy.Harness;

/// <summary>Short spellings for the two ports of an ingress.</summary>
internal static class ProxyServerPorts
{
    extension(ProxyServer server)
    {
        public IPEndPoint Http => server.EndPointOf(IngressListeners.Http);

        public IPEndPoint Https => server.EndPointOf(IngressListeners.Https);
    }
}
