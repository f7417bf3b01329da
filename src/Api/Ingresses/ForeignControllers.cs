using System.Collections.Frozen;

namespace Turnpike.Api.Ingresses;

/// <summary>Knows the controllers whose annotations occur on Ingresses, and what to write instead of some of them.</summary>
internal static class ForeignControllers
{
    private static readonly FrozenDictionary<string, string> ByDomain = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["nginx.ingress.kubernetes.io"] = "ingress-nginx",
        ["nginx.org"] = "F5 NGINX",
        ["nginx.com"] = "F5 NGINX",
        ["f5.com"] = "F5 NGINX",
        ["traefik.ingress.kubernetes.io"] = "Traefik",
        ["traefik.io"] = "Traefik",
        ["traefik.containo.us"] = "Traefik",
        ["haproxy.org"] = "HAProxy",
        ["haproxy.com"] = "HAProxy",
        ["haproxy-ingress.github.io"] = "HAProxy Ingress",
        ["haproxy.router.openshift.io"] = "OpenShift's router",
        ["projectcontour.io"] = "Contour",
        ["heptio.com"] = "Contour",
        ["konghq.com"] = "Kong",
        ["apisix.apache.org"] = "APISIX",
        ["higress.io"] = "Higress",
        ["zalando.org"] = "Skipper",
        ["getambassador.io"] = "Emissary",
        ["ingress.pomerium.io"] = "Pomerium",
        ["ingress.appscode.com"] = "Voyager",
        ["ingress.cilium.io"] = "Cilium",
        ["alb.ingress.kubernetes.io"] = "the AWS load balancer controller",
        ["appgw.ingress.kubernetes.io"] = "the Azure application gateway controller",
        ["networking.gke.io"] = "GKE",
        // Several controllers shared this domain before each had its own.
        ["ingress.kubernetes.io"] = "other controllers",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly (string Start, string Hint)[] Hints =
    [
        ("backend-protocol", $"write {Names.BackendProtocolAnnotation}"),
        ("secure-backends", $"write {Names.BackendProtocolAnnotation}: HTTPS"),
        ("proxy-ssl-", $"write {Names.BackendCaAnnotation} and {Names.BackendServerNameAnnotation}"),
        ("secure-verify-", $"write {Names.BackendCaAnnotation} and {Names.BackendServerNameAnnotation}"),
        ("secure-", $"write {Names.BackendProtocolAnnotation}: HTTPS"),
        ("rewrite", "a RouteRule with rewrite does that"),
        ("path-rewrite", "a RouteRule with rewrite does that"),
        ("upstream-vhost", "a RouteRule with rewrite does that"),
        ("use-regex", "paths are not regular expressions here"),
        ("canary", "a RouteRule splits requests by weight, or by header"),
        ("permanent-redirect", "a RouteRule with redirect does that"),
        ("temporal-redirect", "a RouteRule with redirect does that"),
        ("redirect-to", "a RouteRule with redirect does that"),
        ("enable-cors", "a RouteRule with corsPolicy does that"),
        ("cors-", "a RouteRule with corsPolicy does that"),
        ("proxy-next-upstream", "a RouteRule with httpReqRetries does that"),
        ("num-retries", "a RouteRule with httpReqRetries does that"),
        ("retry-on", "a RouteRule with httpReqRetries does that"),
        ("per-try-timeout", "a RouteRule with httpReqRetries does that"),
        ("proxy-connect-timeout", "the mesh setting connectTimeout is for that"),
        ("timeout-connect", "the mesh setting connectTimeout is for that"),
        ("proxy-read-timeout", "a RouteRule with httpReqTimeout does that"),
        ("proxy-send-timeout", "a RouteRule with httpReqTimeout does that"),
        ("response-timeout", "a RouteRule with httpReqTimeout does that"),
        ("timeout-server", "a RouteRule with httpReqTimeout does that"),
        ("mirror-", "a RouteRule with mirror does that"),
        ("load-balance", $"write {Names.LoadBalancingAnnotation} on the Service"),
        ("websocket", "WebSockets need no annotation here"),
        ("enable-websocket", "WebSockets need no annotation here"),
    ];

    private static readonly string[] Redirects = ["ssl-redirect", "force-ssl-redirect", "redirect-to-https", "force-https", "http-to-https"];

    /// <summary>Returns the controller of a domain and of the domains below it; null if it is not known.</summary>
    public static string? NameOf(string domain)
    {
        for (; ; )
        {
            if (ByDomain.TryGetValue(domain, out var name))
                return name;
            var dot = domain.IndexOf('.', StringComparison.Ordinal);
            if (dot < 0)
                return null;
            domain = domain[(dot + 1)..];
        }
    }

    /// <summary>Returns what to write instead of an annotation that guards nothing; null if there is no counterpart.</summary>
    /// <param name="name">The name of the annotation without the domain.</param>
    /// <param name="value">The value as written.</param>
    public static string? HintFor(string name, string value)
    {
        if (Redirects.Contains(name))
        {
            return Guards.IsOff(value)
                ? $"write {Names.HttpAnnotation}: allow to serve port 80 too"
                : $"a host that is listed under tls redirects by default; {Names.HttpAnnotation}: redirect makes it explicit";
        }
        return Hints.FirstOrDefault(h => name.StartsWith(h.Start, StringComparison.Ordinal)).Hint;
    }
}
