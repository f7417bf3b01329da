using Turnpike.Tests.Integration.ControlPlane;
using Turnpike.Tests.Support.Kubernetes;

namespace Turnpike.Tests.Integration.Install;

/// <summary>The objects that a real Istio has under the names that were ours in 2017.</summary>
internal static class ForeignMesh
{
    public const string Controller = "istio.io/ingress-controller";

    private const string Objects = """
        apiVersion: v1
        kind: Namespace
        metadata:
          name: istio-system
          labels: {topology.istio.io/network: network1, pod-security.kubernetes.io/enforce: privileged}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: istio, namespace: istio-system}
        data:
          mesh: |-
            accessLogFile: /dev/stdout
            connectTimeout: 10s
            defaultConfig:
              discoveryAddress: istiod.istio-system.svc:15012
              proxyMetadata: {ISTIO_META_DNS_CAPTURE: "true"}
            defaultProviders: {metrics: [prometheus]}
            extensionProviders: [{name: otel, opentelemetry: {service: otel.observability.svc.cluster.local, port: 4317}}]
            enablePrometheusMerge: true
            outboundTrafficPolicy: {mode: REGISTRY_ONLY}
            rootNamespace: istio-system
            trustDomain: corp.example.com
          meshNetworks: 'networks: {}'
        ---
        apiVersion: networking.k8s.io/v1
        kind: IngressClass
        metadata: {name: istio}
        spec: {controller: istio.io/ingress-controller}
        ---
        apiVersion: admissionregistration.k8s.io/v1
        kind: MutatingWebhookConfiguration
        metadata: {name: istio-sidecar-injector, labels: {app: sidecar-injector}}
        webhooks:
        - name: namespace.sidecar-injector.istio.io
          clientConfig: {service: {name: istiod, namespace: istio-system, path: /inject}}
          namespaceSelector: {matchLabels: {istio-injection: enabled}}
          rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
          failurePolicy: Ignore
          sideEffects: None
          admissionReviewVersions: [v1]

        """;

    public static async Task CreateAsync(ApiServer server) =>
        (await server.KubectlAsync(Objects, CancellationToken.None, "create", "-f", "-")).Expect();

    /// <summary>All that makes a difference to its owner.</summary>
    public static async Task<string> LookAsync(ApiServer server, CancellationToken ct) => string.Join('\n', [
        await server.KubectlAsync(ct, "get", "namespace", "istio-system", "-o", "jsonpath={.metadata.uid} {.metadata.labels}"),
        await VersionOf(server, ["configmap", "istio", "-n", "istio-system"], ct),
        await VersionOf(server, ["ingressclass", "istio"], ct),
        await VersionOf(server, ["mutatingwebhookconfiguration", "istio-sidecar-injector"], ct),
    ]).Replace("\"kubernetes.io/metadata.name\":\"istio-system\",", "", StringComparison.Ordinal);

    /// <summary>Any write makes another version.</summary>
    private static Task<string> VersionOf(ApiServer server, string[] what, CancellationToken ct) =>
        server.KubectlAsync(ct, ["get", .. what, "-o", "jsonpath={.metadata.uid} {.metadata.resourceVersion}"]);
}

/// <summary>The profile of 2017 over a foreign mesh: it cannot do much there, and must do no harm.</summary>
public sealed class ForeignMeshFixture : OperatorFixture
{
    /// <summary>The mesh as it was before.</summary>
    public string Before { get; private set; } = "";

    protected override async Task BeforeInstallationAsync()
    {
        await ForeignMesh.CreateAsync(this);
        Before = await ForeignMesh.LookAsync(this, CancellationToken.None);
    }
}
