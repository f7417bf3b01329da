using Turnpike.Api;

namespace Turnpike.Operator;

/// <summary>The names and ports that manifests, operator and proxies share.</summary>
internal static class Deployed
{
    public const string Operator = Names.OperatorDeployment;
    public const string OperatorLabel = "app.kubernetes.io/name";
    public const string FieldManager = "turnpike-operator";
    public const string CaFieldManager = "turnpike-operator-ca";
    public const string CaSecret = Names.CaSecret;
    public const string CaKey = "ca.crt";
    public const string Lease = Names.OperatorLease;
    public const string ManagedByLabel = Names.ManagedByLabel;

    public const int WebhookPort = 9443;
    public const int DiscoveryPort = 15010;
    public const int HealthPort = 8080;
    public const int ProxyHttpPort = 8080;
    public const int ProxyHttpsPort = 8443;
    public const int ProxyStatusPort = 15020;

    // By the convention of the operator SDK, the path has the name of the entity's type in lower case.
    public const string RouteRulePath = "/validate/v1alpha2routerule";
    public const string IngressPath = "/validate/v1ingress";
    public const string InjectPath = "/inject";

    /// <summary>The path for pods of namespaces that ask for sidecars.</summary>
    public const string InjectAskedPath = "/inject/asked";

    public static string OperatorImage => $"docker.io/turnpike/operator:{Api.ProductVersion.Text}";

    public static string ProxyImage => Injector.Config.InjectConfig.Default.ProxyImage;
}
