namespace Turnpike.Operator;

/// <summary>Names and ports that the manifests, the operator and the proxies share.</summary>
internal static class Deployed
{
    public const string Operator = "turnpike-operator";
    public const string OperatorLabel = "app.kubernetes.io/name";
    public const string FieldManager = "turnpike-operator";
    public const string CaFieldManager = "turnpike-operator-ca";
    public const string WebhookConfiguration = "turnpike";
    public const string CaSecret = "turnpike-ca";
    public const string CaConfigMap = "istio-ca-root";
    public const string CaKey = "ca.crt";
    public const string StatusConfigMap = "turnpike-status";
    public const string SelfTestNamespace = "turnpike-self-test";
    public const string Lease = "turnpike-operator";
    public const string ManagedByLabel = "app.kubernetes.io/managed-by";

    public const int WebhookPort = 9443;
    public const int DiscoveryPort = 15010;
    public const int HealthPort = 8080;
    public const int ProxyHttpPort = 8080;
    public const int ProxyHttpsPort = 8443;
    public const int ProxyAdminPort = 15000;

    public const string RouteRulePath = "/validate/routerules";
    public const string IngressPath = "/validate/ingresses";
    public const string InjectPath = "/inject";

    public static string OperatorImage => $"docker.io/turnpike/operator:{Injector.ProductVersion.Text}";

    public static string ProxyImage => $"docker.io/turnpike/proxy:{Injector.ProductVersion.Text}";
}
