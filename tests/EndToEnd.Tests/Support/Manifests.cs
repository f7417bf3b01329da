namespace Turnpike.Tests.EndToEnd.Support;

/// <summary>Objects that several stories need.</summary>
internal static class Manifests
{
    /// <summary>An Ingress to httpbin. Without a class it has no class annotation, without a host it is for all.</summary>
    public static string Ingress(
        string name, string? className = "istio", string? host = null, string path = "/", string pathType = "Prefix", string more = "") =>
        $"""
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata:
              name: {name}
              annotations:
                example.com/made-by: turnpike-e2e
                {(className is null ? "" : $"kubernetes.io/ingress.class: {className}")}
            spec:
              {more}
              rules:
              - http:
                  paths:
                  - path: {path}
                    pathType: {pathType}
                    backend:
                      service:
                        name: httpbin
                        port:
                          number: 8000
                {(host is null ? "" : $"host: {host}")}
            """;

    /// <summary>A RouteRule for httpbin with nothing but a timeout.</summary>
    public static string TimeoutRule(string name, string timeout) => $"""
        apiVersion: config.istio.io/v1alpha2
        kind: RouteRule
        metadata:
          name: {name}
        spec:
          destination:
            name: httpbin
          http_req_timeout:
            simple_timeout:
              timeout: {timeout}
        """;
}
