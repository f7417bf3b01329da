using System.Text.Json.Nodes;
using Turnpike.Api;

namespace Turnpike.Operator.Manifests;

/// <summary>What the operator may do, and nothing else. The proxies may do nothing: they never talk to the API server.</summary>
internal static class RbacManifests
{
    public static IEnumerable<JsonObject> All() =>
    [
        ServiceAccount(),
        ClusterRole(),
        ClusterRoleBinding(),
        Role(),
        RoleBinding(Names.SystemNamespace),
        SelfTestRole(),
        RoleBinding(Deployed.SelfTestNamespace),
    ];

    private static JsonObject ServiceAccount() => KubeYaml.Object($"""
        apiVersion: v1
        kind: ServiceAccount
        metadata:
          name: {Deployed.Operator}
          namespace: {Names.SystemNamespace}
        """);

    /// <remarks>RBAC cannot tell secrets by type; the operator asks for those of type kubernetes.io/tls alone.</remarks>
    private static JsonObject ClusterRole() => KubeYaml.Object($"""
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: {Deployed.Operator}
        rules:
        - apiGroups: [""]
          resources: [services, endpoints, pods, namespaces, nodes, secrets]
          verbs: [get, list, watch]
        - apiGroups: [discovery.k8s.io]
          resources: [endpointslices]
          verbs: [get, list, watch]
        - apiGroups: [networking.k8s.io]
          resources: [ingresses, ingressclasses]
          verbs: [get, list, watch]
        - apiGroups: [networking.k8s.io]
          resources: [ingresses/status]
          verbs: [patch]
        - apiGroups: [{Names.Group}]
          resources: [routerules]
          verbs: [get, list, watch]
        - apiGroups: [{Names.Group}]
          resources: [routerules/status]
          verbs: [patch]
        - apiGroups: [events.k8s.io]
          resources: [events]
          verbs: [create, patch]
        - apiGroups: [authentication.k8s.io]
          resources: [tokenreviews]
          verbs: [create]
        - apiGroups: [admissionregistration.k8s.io]
          resources: [validatingwebhookconfigurations, mutatingwebhookconfigurations]
          verbs: [list, watch]
        - apiGroups: [admissionregistration.k8s.io]
          resources: [validatingwebhookconfigurations, mutatingwebhookconfigurations]
          resourceNames: [{Names.WebhookConfiguration}]
          verbs: [get, patch]
        """);

    private static JsonObject ClusterRoleBinding() => KubeYaml.Object($"""
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata:
          name: {Deployed.Operator}
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: {Deployed.Operator}
        subjects:
        - kind: ServiceAccount
          name: {Deployed.Operator}
          namespace: {Names.SystemNamespace}
        """);

    /// <remarks>
    /// ConfigMaps without names: the records of who has which host are one for each namespace that has any, found by their label, and go when the
    /// namespace has none left.
    /// </remarks>
    private static JsonObject Role() => KubeYaml.Object($"""
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata:
          name: {Deployed.Operator}
          namespace: {Names.SystemNamespace}
        rules:
        - apiGroups: [""]
          resources: [configmaps]
          verbs: [get, list, watch, create, patch, delete]
        - apiGroups: [""]
          resources: [secrets]
          verbs: [create]
        - apiGroups: [""]
          resources: [secrets]
          resourceNames: [{Deployed.CaSecret}]
          verbs: [get, update, patch]
        - apiGroups: [coordination.k8s.io]
          resources: [leases]
          verbs: [get, create, update, patch]
        - apiGroups: [apps]
          resources: [deployments]
          verbs: [get, list, watch, create, patch]
        - apiGroups: [""]
          resources: [services, serviceaccounts]
          verbs: [get, list, watch, create, patch]
        - apiGroups: [policy]
          resources: [poddisruptionbudgets]
          verbs: [get, list, watch, create, patch]
        """);

    /// <summary>For objects that are sent by dry run to see what the webhooks make of them. Pods can be made nowhere else.</summary>
    private static JsonObject SelfTestRole() => KubeYaml.Object($"""
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata:
          name: {Deployed.Operator}
          namespace: {Deployed.SelfTestNamespace}
        rules:
        - apiGroups: [""]
          resources: [pods]
          verbs: [create]
        - apiGroups: [{Names.Group}]
          resources: [routerules]
          verbs: [create]
        """);

    private static JsonObject RoleBinding(string ns) => KubeYaml.Object($"""
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata:
          name: {Deployed.Operator}
          namespace: {ns}
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: Role
          name: {Deployed.Operator}
        subjects:
        - kind: ServiceAccount
          name: {Deployed.Operator}
          namespace: {Names.SystemNamespace}
        """);
}
