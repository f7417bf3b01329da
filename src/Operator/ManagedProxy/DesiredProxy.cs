using System.Globalization;
using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Api.Mesh;
using Turnpike.Hosting.Client;
using Turnpike.Operator.Manifests;
using Turnpike.Primitives;
using Turnpike.Routing;

namespace Turnpike.Operator.ManagedProxy;

/// <summary>An object in the form that it should have.</summary>
internal sealed record DesiredObject(ResourceRef Resource, NamespacedName Key, JsonObject Body);

/// <summary>The objects of the managed ingress, as a pure function of the settings.</summary>
internal static class DesiredProxy
{

    /// <summary>
    /// The delay of the first probes. The native program listens at once, but gets its first table from the control plane; earlier probes
    /// would only cause warning Events.
    /// </summary>
    private const int StartSeconds = 2;

    /// <param name="profile">The names of the installation.</param>
    /// <param name="mesh">The mesh settings.</param>
    /// <param name="defaultImage">The proxy's image when the settings name none.</param>
    /// <param name="budgets">The version of PodDisruptionBudgets that the API server serves.</param>
    public static IReadOnlyList<DesiredObject> All(Profile profile, MeshConfig mesh, string defaultImage, ResourceRef budgets)
    {
        var name = new NamespacedName(profile.SystemNamespace, profile.IngressService);
        return
        [
            new(KnownResources.ServiceAccounts, name, ServiceAccount(profile)),
            new(KnownResources.Services, name, Service(profile, mesh.IngressProxy)),
            new(budgets, name, DisruptionBudget(profile.IngressLabel.Key, profile.IngressLabel.Value)),
            new(KnownResources.Deployments, name, Deployment(profile, mesh, defaultImage)),
            new(budgets, name with { Name = Deployed.Operator }, DisruptionBudget(Deployed.OperatorLabel, Deployed.Operator)),
        ];
    }

    private static JsonObject ServiceAccount(Profile profile) => KubeYaml.Object($"""
        metadata:
          labels:
            {profile.IngressLabel.Key}: {profile.IngressLabel.Value}
            {Deployed.ManagedByLabel}: turnpike
        automountServiceAccountToken: false
        """);

    private static JsonObject Service(Profile profile, IngressProxySettings settings) => KubeYaml.Object($"""
        metadata:
          labels:
            {profile.IngressLabel.Key}: {profile.IngressLabel.Value}
            {Deployed.ManagedByLabel}: turnpike
        spec:
          type: {settings.ServiceType}
          selector:
            {profile.IngressLabel.Key}: {profile.IngressLabel.Value}
          ports:
          {Lines("  ", Deployed.IngressPorts.Select(p => ServicePort(p, settings)))}
        """);

    private static string ServicePort(ListenerPort port, IngressProxySettings settings)
    {
        var nodePort = port.Listener switch
        {
            IngressListeners.Http => settings.HttpNodePort,
            IngressListeners.Https => settings.HttpsNodePort,
            _ => 0,
        };
        var ofNode = nodePort == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", nodePort: {nodePort}");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"- {{name: {port.Listener}, port: {port.ServicePort}, protocol: TCP, targetPort: {port.ContainerPort}{ofNode}}}");
    }

    /// <summary>Puts lines into YAML whose own lines have this indentation.</summary>
    private static string Lines(string indentation, IEnumerable<string> lines) => string.Join($"\n{indentation}", lines);

    private static JsonObject DisruptionBudget(string label, string value) => KubeYaml.Object($"""
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

    private static JsonObject Deployment(Profile profile, MeshConfig mesh, string defaultImage)
    {
        var settings = mesh.IngressProxy;
        // The grace period is longer than the drain, so that the proxy exits before the kubelet kills it.
        var drain = mesh.DrainDuration.Or(ProxyDefaults.DrainDuration) ?? TimeSpan.Zero;
        var grace = (int)Math.Ceiling(drain.TotalSeconds) + 15;
        var ports = Deployed.IngressPorts.Select(p => $"- {{name: {p.Listener}, containerPort: {p.ContainerPort}, protocol: TCP}}");
        return KubeYaml.Object($"""
            metadata:
              labels:
                {profile.IngressLabel.Key}: {profile.IngressLabel.Value}
                {Deployed.ManagedByLabel}: turnpike
            spec:
              replicas: {settings.Replicas}
              selector:
                matchLabels:
                  {profile.IngressLabel.Key}: {profile.IngressLabel.Value}
              strategy:
                type: RollingUpdate
                rollingUpdate:
                  maxUnavailable: 0
                  maxSurge: 1
              template:
                metadata:
                  labels:
                    {profile.IngressLabel.Key}: {profile.IngressLabel.Value}
                    app.kubernetes.io/part-of: turnpike
                  annotations:
                    {profile.InjectAnnotation}: "false"
                spec:
                  serviceAccountName: {profile.IngressService}
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
                              {profile.IngressLabel.Key}: {profile.IngressLabel.Value}
                  securityContext:
                    runAsNonRoot: true
                    runAsUser: 65532
                    runAsGroup: 65532
                    seccompProfile:
                      type: RuntimeDefault
                  containers:
                  - name: {profile.ProxyContainer}
                    image: {KubeYaml.Quote(settings.Image ?? defaultImage)}
                    imagePullPolicy: IfNotPresent
                    args:
                    - ingress
                    - --discovery={profile.OperatorHost}:{Deployed.DiscoveryPort}
                    - --discovery-ca=/var/run/secrets/turnpike/{Deployed.CaKey}
                    - --discovery-token=/var/run/secrets/turnpike/token
                    {Lines("        ", Deployed.IngressPorts.Select(p => $"- --{p.Listener}-port={p.ContainerPort}"))}
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
                    {Lines("        ", ports)}
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
                          name: {profile.CaConfigMap}
                          items:
                          - key: {Deployed.CaKey}
                            path: {Deployed.CaKey}
            """);
    }
}
