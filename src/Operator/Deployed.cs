using System.Collections.Immutable;
using Turnpike.Api;
using Turnpike.Routing;

namespace Turnpike.Operator;

/// <summary>A port of the managed ingress.</summary>
/// <param name="Listener">The name of the listener of the table, which Service and pod give to the port.</param>
/// <param name="ServicePort">What clients of the Service connect to.</param>
/// <param name="ContainerPort">What the proxy listens on.</param>
internal sealed record ListenerPort(string Listener, int ServicePort, int ContainerPort);

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
    public const int ProxyStatusPort = 15020;

    // By the convention of the operator SDK, the path has the name of the entity's type in lower case.
    public const string RouteRulePath = "/validate/v1alpha2routerule";
    public const string IngressPath = "/validate/v1ingress";
    public const string InjectPath = "/inject";

    /// <summary>The path for pods of namespaces that ask for sidecars.</summary>
    public const string InjectAskedPath = "/inject/asked";

    /// <summary>The ports of the managed ingress: one for each listener of its table.</summary>
    public static ImmutableArray<ListenerPort> IngressPorts { get; } =
        [new(IngressListeners.Http, 80, 8080), new(IngressListeners.Https, 443, 8443)];

    public static string OperatorImage => $"docker.io/turnpike/operator:{Api.ProductVersion.Text}";

    public static string ProxyImage => Injector.Config.InjectConfig.Default.ProxyImage;
}
