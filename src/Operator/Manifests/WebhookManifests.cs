using System.Text.Json.Nodes;
using Turnpike.Api;

namespace Turnpike.Operator.Manifests;

/// <summary>
/// The webhook configurations. They leave out the caBundle, which the operator writes under its own field manager. Failure policies never
/// change at run time. In lists that <c>kubectl apply</c> replaces as a whole (rules), the defaults of the API server are spelled out, so
/// that a second apply finds nothing to change.
/// </summary>
internal static class WebhookManifests
{
    /// <summary>Selects namespaces by the injection label. The operator's own namespace and those of the system are left out.</summary>
    /// <param name="profile">The names of the installation.</param>
    /// <param name="asks">The value that the label must have; null for any value but <paramref name="others"/>.</param>
    /// <param name="others">The values that the label must not have.</param>
    private static string Selector(Profile profile, string? asks, params string[] others) => $"""
          namespaceSelector:
            matchExpressions:
            - key: {NameLabel}
              operator: NotIn
              values: [kube-system, kube-public, kube-node-lease, {profile.SystemNamespace}]
            - key: {Names.InjectLabel}
              operator: {(asks is null ? "NotIn" : "In")}
              values: [{string.Join(", ", (asks is null ? others : [asks]).Select(KubeYaml.Quote))}]
        """;

    /// <summary>A label that the API server sets from 1.21 on. Before that, the injection itself leaves these namespaces out.</summary>
    private const string NameLabel = "kubernetes.io/metadata.name";

    public static JsonObject Validating(Profile profile) => KubeYaml.Object($"""
        apiVersion: admissionregistration.k8s.io/v1
        kind: ValidatingWebhookConfiguration
        metadata:
          name: {profile.WebhookConfiguration}
        webhooks:
        - name: routerules.turnpike.io
          clientConfig:
            service:
              name: {Deployed.Operator}
              namespace: {profile.SystemNamespace}
              path: {Deployed.RouteRulePath}
          rules:
          - apiGroups: [{Names.Group}]
            apiVersions: [{Names.Version}]
            operations: [CREATE, UPDATE]
            resources: [routerules]
            scope: Namespaced
          failurePolicy: Fail
          matchPolicy: Equivalent
          sideEffects: None
          timeoutSeconds: 5
          admissionReviewVersions: [v1]
        - name: ingresses.turnpike.io
          clientConfig:
            service:
              name: {Deployed.Operator}
              namespace: {profile.SystemNamespace}
              path: {Deployed.IngressPath}
          rules:
          - apiGroups: [networking.k8s.io]
            apiVersions: [v1]
            operations: [CREATE, UPDATE]
            resources: [ingresses]
            scope: Namespaced
          failurePolicy: Ignore
          matchPolicy: Equivalent
          sideEffects: None
          timeoutSeconds: 3
          admissionReviewVersions: [v1]
        """);

    public static JsonObject Mutating(Profile profile)
    {
        var configuration = KubeYaml.Object($"""
            apiVersion: admissionregistration.k8s.io/v1
            kind: MutatingWebhookConfiguration
            metadata:
              name: {profile.WebhookConfiguration}
            """);
        configuration["webhooks"] = profile.InjectsByDefault
            ? new JsonArray(Injection(profile, "injection", Deployed.InjectPath, Selector(profile, null, "false")))
            // The API server decides whether a namespace asks for sidecars, because it knows the current labels.
            : new JsonArray(
                Injection(profile, "namespaces.injection", Deployed.InjectAskedPath, Selector(profile, "true")),
                Injection(profile, "pods.injection", Deployed.InjectPath, Selector(profile, null, "true", "false")));
        return configuration;
    }

    private static JsonObject Injection(Profile profile, string name, string path, string selector) => KubeYaml.Object($"""
          name: {name}.turnpike.io
          clientConfig:
            service:
              name: {Deployed.Operator}
              namespace: {profile.SystemNamespace}
              path: {path}
          rules:
          - apiGroups: [""]
            apiVersions: [v1]
            operations: [CREATE]
            resources: [pods]
            scope: Namespaced
        {selector}
          failurePolicy: Ignore
          matchPolicy: Equivalent
          reinvocationPolicy: IfNeeded
          sideEffects: None
          timeoutSeconds: 3
          admissionReviewVersions: [v1]
        """);
}
