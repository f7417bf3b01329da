using System.Globalization;
using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Api.Mesh;
using Turnpike.Hosting.Api;
using Turnpike.Operator.Manifests;
using Turnpike.Primitives;
using ObjectKey = Turnpike.Hosting.Api.ObjectKey;

namespace Turnpike.Operator.ManagedProxy;

/// <summary>One object as it shall be.</summary>
internal sealed record DesiredObject(ResourceRef Resource, ObjectKey Key, JsonObject Body);

/// <summary>The ingress proxy as it shall be: pure, settings in, objects out.</summary>
internal static class DesiredProxy
{
    public static readonly ResourceRef Deployments = new("apps", "v1", "deployments", "Deployment");
    public static readonly ResourceRef Services = new("", "v1", "services", "Service");
    public static readonly ResourceRef ServiceAccounts = new("", "v1", "serviceaccounts", "ServiceAccount");
    public static readonly ResourceRef DisruptionBudgets = new("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget");

    /// <summary>What Kubernetes before 1.21 serves.</summary>
    public static readonly ResourceRef OldDisruptionBudgets = DisruptionBudgets with { Version = "v1beta1" };

    /// <summary>The native program listens at once and has its first table when the control plane has answered; earlier probes would only warn.</summary>
    private const int StartSeconds = 2;

    private static readonly ObjectKey Name = new(Names.SystemNamespace, Names.IngressService);

    /// <param name="mesh">Settings of the proxy.</param>
    /// <param name="defaultImage">The image where the settings name none.</param>
    /// <param name="budgets">The version of PodDisruptionBudget that the API server serves.</param>
    public static IReadOnlyList<DesiredObject> All(MeshConfig mesh, string defaultImage, ResourceRef budgets) =>
    [
        new(ServiceAccounts, Name, ServiceAccount()),
        new(Services, Name, Service(mesh.IngressProxy)),
        new(budgets, Name, DisruptionBudget(Names.IngressService, "istio", "ingress")),
        new(Deployments, Name, Deployment(mesh, defaultImage)),
        new(budgets, new ObjectKey(Names.SystemNamespace, Deployed.Operator), DisruptionBudget(Deployed.Operator, Deployed.OperatorLabel, Deployed.Operator)),
    ];

    private static JsonObject ServiceAccount() => KubeYaml.Object($"""
        metadata:
          labels:
            istio: ingress
            {Deployed.ManagedByLabel}: turnpike
        automountServiceAccountToken: false
        """);

    private static JsonObject Service(IngressProxySettings settings) => KubeYaml.Object($"""
        metadata:
          labels:
            istio: ingress
            {Deployed.ManagedByLabel}: turnpike
        spec:
          type: {settings.ServiceType}
          selector:
            istio: ingress
          ports:
          - name: http
            port: 80
            protocol: TCP
            targetPort: {Deployed.ProxyHttpPort}
            {NodePort(settings.HttpNodePort)}
          - name: https
            port: 443
            protocol: TCP
            targetPort: {Deployed.ProxyHttpsPort}
            {NodePort(settings.HttpsNodePort)}
        """);

    private static string NodePort(int port) => port == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"nodePort: {port}");

    private static JsonObject DisruptionBudget(string name, string label, string value) => KubeYaml.Object($"""
        metadata:
          labels:
            app.kubernetes.io/part-of: turnpike
            {Deployed.ManagedByLabel}: turnpike
        spec:
          maxUnavailable: 1
          selector:
            matchLabels:
              {label}: {value}
        """);

    private static JsonObject Deployment(MeshConfig mesh, string defaultImage)
    {
        var settings = mesh.IngressProxy;
        // Longer than the drain, so that it is the proxy that ends, not the kubelet that kills.
        var drain = mesh.DrainDuration.Or(ProxyDefaults.DrainDuration) ?? TimeSpan.Zero;
        var grace = (int)Math.Ceiling(drain.TotalSeconds) + 15;
        return KubeYaml.Object($"""
            metadata:
              labels:
                istio: ingress
                {Deployed.ManagedByLabel}: turnpike
            spec:
              replicas: {settings.Replicas}
              selector:
                matchLabels:
                  istio: ingress
              strategy:
                type: RollingUpdate
                rollingUpdate:
                  maxUnavailable: 0
                  maxSurge: 1
              template:
                metadata:
                  labels:
                    istio: ingress
                    app.kubernetes.io/part-of: turnpike
                  annotations:
                    {Names.InjectAnnotation}: "false"
                spec:
                  serviceAccountName: {Names.IngressService}
                  automountServiceAccountToken: false
                  terminationGracePeriodSeconds: {grace}
                  affinity:
                    podAntiAffinity:
                      preferredDuringSchedulingIgnoredDuringExecution:
                      - weight: 100
                        podAffinityTerm:
                          topologyKey: kubernetes.io/hostname
                          labelSelector:
                            matchLabels:
                              istio: ingress
                  securityContext:
                    runAsNonRoot: true
                    runAsUser: 65532
                    runAsGroup: 65532
                    seccompProfile:
                      type: RuntimeDefault
                  containers:
                  - name: {Names.ProxyContainer}
                    image: {KubeYaml.Quote(settings.Image ?? defaultImage)}
                    imagePullPolicy: IfNotPresent
                    args:
                    - ingress
                    - --discovery={Deployed.Operator}.{Names.SystemNamespace}.svc:{Deployed.DiscoveryPort}
                    - --discovery-ca=/var/run/secrets/turnpike/{Deployed.CaKey}
                    - --discovery-token=/var/run/secrets/turnpike/token
                    - --http-port={Deployed.ProxyHttpPort}
                    - --https-port={Deployed.ProxyHttpsPort}
                    - --status-port={Deployed.ProxyStatusPort}
                    env:
                    - name: POD_NAME
                      valueFrom:
                        fieldRef:
                          apiVersion: v1
                          fieldPath: metadata.name
                    - name: POD_NAMESPACE
                      valueFrom:
                        fieldRef:
                          apiVersion: v1
                          fieldPath: metadata.namespace
                    - name: DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS
                      value: "1"
                    {GarbageCollection.Environment("        ")}
                    ports:
                    - name: http
                      containerPort: {Deployed.ProxyHttpPort}
                      protocol: TCP
                    - name: https
                      containerPort: {Deployed.ProxyHttpsPort}
                      protocol: TCP
                    - name: status
                      containerPort: {Deployed.ProxyStatusPort}
                      protocol: TCP
                    readinessProbe:
                      httpGet:
                        path: /ready
                        port: status
                      initialDelaySeconds: {StartSeconds}
                      periodSeconds: 1
                      failureThreshold: 2
                    livenessProbe:
                      httpGet:
                        path: /live
                        port: status
                      initialDelaySeconds: {StartSeconds}
                      periodSeconds: 10
                      failureThreshold: 3
                    resources:
                      requests:
                        cpu: 100m
                        memory: 64Mi
                      limits:
                        memory: 512Mi
                    securityContext:
                      allowPrivilegeEscalation: false
                      readOnlyRootFilesystem: true
                      capabilities:
                        drop: [ALL]
                    volumeMounts:
                    - name: identity
                      mountPath: /var/run/secrets/turnpike
                      readOnly: true
                  volumes:
                  - name: identity
                    projected:
                      sources:
                      - serviceAccountToken:
                          audience: {Names.IngressAudience}
                          expirationSeconds: 3600
                          path: token
                      - configMap:
                          name: {Names.CaConfigMap}
                          items:
                          - key: {Deployed.CaKey}
                            path: {Deployed.CaKey}
            """);
    }
}
