using System.Text.Json.Nodes;
using Turnpike.Api;

namespace Turnpike.Operator.Manifests;

/// <summary>The operator's own objects: Namespaces, Deployment and Service.</summary>
internal static class OperatorManifests
{
    /// <summary>
    /// The delay of the first probes. On an idle machine a replica listens after one second and is ready after two. Kubernetes writes a
    /// warning Event for each earlier probe, which fails.
    /// </summary>
    private const int StartSeconds = 5;

    public static IEnumerable<JsonObject> Namespaces(Profile profile) =>
        [Namespace(profile.SystemNamespace), Namespace(profile.SelfTestNamespace)];

    /// <summary>The namespace has no labels, because it may exist already, with pods of others in it.</summary>
    private static JsonObject Namespace(string name) => KubeYaml.Object($"""
        apiVersion: v1
        kind: Namespace
        metadata:
          name: {name}
        """);

    public static JsonObject Deployment(Profile profile) => KubeYaml.Object($"""
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: {Deployed.Operator}
          namespace: {profile.SystemNamespace}
          labels:
            {Deployed.OperatorLabel}: {Deployed.Operator}
            app.kubernetes.io/part-of: turnpike
            {Names.ProfileLabel}: {profile.Name}
        spec:
          replicas: 2
          strategy:
            type: RollingUpdate
            rollingUpdate:
              maxUnavailable: 0
              maxSurge: 1
          selector:
            matchLabels:
              {Deployed.OperatorLabel}: {Deployed.Operator}
          template:
            metadata:
              labels:
                {Deployed.OperatorLabel}: {Deployed.Operator}
                app.kubernetes.io/part-of: turnpike
              annotations:
                {profile.InjectAnnotation}: "false"
            spec:
              serviceAccountName: {Deployed.Operator}
              terminationGracePeriodSeconds: 30
              affinity:
                podAntiAffinity:
                  preferredDuringSchedulingIgnoredDuringExecution:
                  - weight: 100
                    podAffinityTerm:
                      topologyKey: kubernetes.io/hostname
                      labelSelector:
                        matchLabels:
                          {Deployed.OperatorLabel}: {Deployed.Operator}
              securityContext:
                runAsNonRoot: true
                runAsUser: 65532
                runAsGroup: 65532
                seccompProfile:
                  type: RuntimeDefault
              containers:
              - name: operator
                image: {Deployed.OperatorImage}
                imagePullPolicy: IfNotPresent
                args:
                - run
                - --profile={profile.Name}
                - --proxy-image={Deployed.ProxyImage}
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
                - name: POD_IP
                  valueFrom:
                    fieldRef:
                      apiVersion: v1
                      fieldPath: status.podIP
                - name: DOTNET_EnableDiagnostics
                  value: "0"
                {GarbageCollection.Environment("        ")}
                ports:
                - name: webhooks
                  containerPort: {Deployed.WebhookPort}
                  protocol: TCP
                - name: discovery
                  containerPort: {Deployed.DiscoveryPort}
                  protocol: TCP
                - name: health
                  containerPort: {Deployed.HealthPort}
                  protocol: TCP
                startupProbe:
                  httpGet:
                    path: /live
                    port: health
                  initialDelaySeconds: {StartSeconds}
                  periodSeconds: 2
                  failureThreshold: 60
                readinessProbe:
                  httpGet:
                    path: /ready
                    port: health
                  initialDelaySeconds: {StartSeconds}
                  periodSeconds: 2
                livenessProbe:
                  httpGet:
                    path: /live
                    port: health
                  periodSeconds: 10
                  failureThreshold: 3
                resources:
                  requests:
                    cpu: 50m
                    memory: 128Mi
                  limits:
                    memory: 512Mi
                securityContext:
                  allowPrivilegeEscalation: false
                  readOnlyRootFilesystem: true
                  capabilities:
                    drop: [ALL]
                volumeMounts:
                - name: token
                  mountPath: /var/run/secrets/turnpike
                  readOnly: true
              volumes:
              - name: token
                projected:
                  sources:
                  - serviceAccountToken:
                      audience: {Names.OperatorAudience}
                      expirationSeconds: 3600
                      path: token
        """);

    public static JsonObject Service(Profile profile) => KubeYaml.Object($"""
        apiVersion: v1
        kind: Service
        metadata:
          name: {Deployed.Operator}
          namespace: {profile.SystemNamespace}
          labels:
            {Deployed.OperatorLabel}: {Deployed.Operator}
            app.kubernetes.io/part-of: turnpike
        spec:
          selector:
            {Deployed.OperatorLabel}: {Deployed.Operator}
          ports:
          - name: https-webhooks
            port: 443
            targetPort: {Deployed.WebhookPort}
            protocol: TCP
          - name: grpc-discovery
            port: {Deployed.DiscoveryPort}
            targetPort: {Deployed.DiscoveryPort}
            protocol: TCP
        """);
}
