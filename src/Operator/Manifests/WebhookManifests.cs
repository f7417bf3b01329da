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
    private static string NotOurNamespaces(Profile profile) => $$"""
          namespaceSelector:
            matchExpressions:
            - key: {{NameLabel}}
              operator: NotIn
              values: [kube-system, kube-public, kube-node-lease, {{profile.SystemNamespace}}]
            - key: turnpike.io/inject
              operator: NotIn
              values: ["false"]
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

    public static JsonObject Mutating(Profile profile) => KubeYaml.Object($"""
        apiVersion: admissionregistration.k8s.io/v1
        kind: MutatingWebhookConfiguration
        metadata:
          name: {profile.WebhookConfiguration}
        webhooks:
        - name: injection.turnpike.io
          clientConfig:
            service:
              name: {Deployed.Operator}
              namespace: {profile.SystemNamespace}
              path: {Deployed.InjectPath}
          rules:
          - apiGroups: [""]
            apiVersions: [v1]
            operations: [CREATE]
            resources: [pods]
            scope: Namespaced
        {NotOurNamespaces(profile)}
          failurePolicy: Ignore
          matchPolicy: Equivalent
          reinvocationPolicy: IfNeeded
          sideEffects: None
          timeoutSeconds: 3
          admissionReviewVersions: [v1]
        """);
}
