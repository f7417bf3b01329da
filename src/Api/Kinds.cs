namespace Turnpike.Api;

/// <summary>The kinds that the compiler reads.</summary>
public static class Kinds
{
    public const string Ingress = "Ingress";
    public const string IngressClass = "IngressClass";
    public const string RouteRule = "RouteRule";
    public const string Service = "Service";
    public const string Endpoints = "Endpoints";
    public const string EndpointSlice = "EndpointSlice";
    public const string Pod = "Pod";
    public const string Secret = "Secret";

    /// <summary>
    /// A Secret that is watched because an Ingress names it for its <c>ca.crt</c>. The same Secret may be a certificate too; the two are
    /// added and removed independently.
    /// </summary>
    public const string AuthoritySecret = "AuthoritySecret";
    public const string Namespace = "Namespace";
    public const string ConfigMap = "ConfigMap";
}
