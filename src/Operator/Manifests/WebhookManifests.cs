using System.Text.Json.Nodes;
using Turnpike.Api;

namespace Turnpike.Operator.Manifests;

/// <summary>
/// Which objects the API server asks us about. The caBundle is not here: the operator keeps it right, under a field manager of its
/// own. Failure policies never change at run time. In lists that <c>kubectl apply</c> replaces whole (rules), what the API server would
/// fill in is spelled out, so that a second apply finds nothing to change.
/// </summary>
internal static class WebhookManifests
{
    /// <param name="profile">Its namespace is left out.</param>
    /// <param name="asks">A value of the namespaces' label that they must have; null: any but those of <paramref name="others"/>.</param>
    /// <param name="others">Values of that label that they must not have.</param>
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

    /// <summary>The API server sets it from 1.21 on; before that the decision itself leaves these namespaces out.</summary>
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
            // Whether a namespace asks is the API server's to say, which knows its labels of this moment.
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
