using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Yaml;

namespace Turnpike.Operator.Manifests;

/// <summary>What the operator may do, and nothing else. The proxies may do nothing: they never talk to the API server.</summary>
internal static class RbacManifests
{
    private static readonly string[] Watch = ["list", "watch"];

    // Objects that the leader applies: an apply is a patch, and a create where the object is not there yet.
    private static readonly string[] Keep = ["list", "watch", "create", "patch"];

    /// <summary>In every namespace.</summary>
    public static IReadOnlyList<Grant> OfCluster(Profile profile) =>
    [
        new("Route tables are made of these, and of the namespaces' names and labels.", "", ["services", "pods", "namespaces"], Watch),
        new("The ready addresses of Services.", "discovery.k8s.io", ["endpointslices"], Watch) { OnlyFor = "Kubernetes 1.21 and newer" },
        new("The same.", "", ["endpoints"], Watch) { OnlyFor = "Kubernetes before 1.21" },
        new("Certificates of TLS hosts. Any Ingress may name a Secret of its namespace, so the names are not known beforehand, and a rule cannot tell Secrets by type: the operator lists those of type kubernetes.io/tls and, by name, those that an Ingress verifies its backends by, and gets none.", "", ["secrets"], Watch),
        new("Which Ingresses there are, and whose class they have.", "networking.k8s.io", ["ingresses", "ingressclasses"], Watch),
        new("The IngressClass is made where it is missing, and never changed. A create cannot be allowed for one name.", "networking.k8s.io", ["ingressclasses"], ["create"]),
        new("The address of the ingress is written to the status of each Ingress, where it is not there yet.", "networking.k8s.io", ["ingresses"], ["get"]),
        new("The same.", "networking.k8s.io", ["ingresses/status"], ["patch"]),
        new("The rules.", Api.Names.Group, ["routerules"], Watch),
        new("Conditions are written to the status of each rule, where they are not there yet.", Api.Names.Group, ["routerules"], ["get"]),
        new("The same.", Api.Names.Group, ["routerules/status"], ["patch"]),
        new("Where no load balancer has an address, that of the ingress is its nodes'. The oldest kubelet decides whether sidecars can be native ones.", "", ["nodes"], Watch),
        new("A sidecar is made to fit what its namespace allows a container.", "", ["limitranges", "resourcequotas"], Watch),
        new("What is wrong with an object is an Event on it, which is counted when it happens again.", "events.k8s.io", ["events"], ["create", "patch"]),
        new("Who a proxy is, by its token.", "authentication.k8s.io", ["tokenreviews"], ["create"]),
        new("The authority of the webhooks' certificates is kept in their configuration, which belongs to our namespace and goes with it.", "admissionregistration.k8s.io", ["validatingwebhookconfigurations", "mutatingwebhookconfigurations"], ["get", "list", "watch", "patch"])
        {
            Names = [profile.WebhookConfiguration],
        },
        new("The same: the uid of our namespace.", "", ["namespaces"], ["get"]) { Names = [profile.SystemNamespace] },
    ];

    /// <summary>In our own namespace.</summary>
    public static IReadOnlyList<Grant> OfSystemNamespace(Profile profile) =>
    [
        new("The settings, which are made where they are missing and never changed, the authority that proxies trust, what the leader says of itself and the proxies, and who has which host: a record for each namespace, named after it.", "", ["configmaps"], [.. Keep, "delete"]),
        new("The key of that authority, which all replicas share.", "", ["secrets"], ["get", "list", "watch"]) { Names = [Deployed.CaSecret] },
        new("The same, when it is renewed.", "", ["secrets"], ["update"]) { Names = [Deployed.CaSecret], OnlyFor = "a run of months" },
        new("The same, the first time. A create cannot be allowed for one name.", "", ["secrets"], ["create"]),
        new("One replica leads.", "coordination.k8s.io", ["leases"], ["get", "update"]) { Names = [Deployed.Lease] },
        new("The same, the first time.", "coordination.k8s.io", ["leases"], ["create"]),
        new("The managed ingress.", "apps", ["deployments"], Keep) { Names = [profile.IngressService] },
        new("The same.", "", ["services", "serviceaccounts"], Keep) { Names = [profile.IngressService] },
        new("How many pods of ingress and operator may be away at a time.", "policy", ["poddisruptionbudgets"], Keep) { Names = [profile.IngressService, Deployed.Operator] },
    ];

    /// <summary>In the namespace of the self-test: objects that are sent by dry run to see what the webhooks make of them.</summary>
    public static IReadOnlyList<Grant> OfSelfTest { get; } =
    [
        new("A marked pod is sent by dry run, to see whether it comes back with a sidecar. Pods can be made nowhere else.", "", ["pods"], ["create"]),
        new("A bad rule is sent by dry run, to see whether it is refused.", Api.Names.Group, ["routerules"], ["create"]),
    ];

    /// <summary>The documents, with the reason above each rule.</summary>
    public static IEnumerable<string> All(Profile profile) =>
    [
        YamlText.Write(ServiceAccount(profile)),
        Role("ClusterRole", null, profile.ClusterRole, OfCluster(profile)),
        YamlText.Write(ClusterRoleBinding(profile)),
        Role("Role", profile.SystemNamespace, Deployed.Operator, OfSystemNamespace(profile)),
        YamlText.Write(RoleBinding(profile, profile.SystemNamespace)),
        Role("Role", profile.SelfTestNamespace, Deployed.Operator, OfSelfTest),
        YamlText.Write(RoleBinding(profile, profile.SelfTestNamespace)),
    ];

    private static JsonObject ServiceAccount(Profile profile) => KubeYaml.Object($"""
        apiVersion: v1
        kind: ServiceAccount
        metadata:
          name: {Deployed.Operator}
          namespace: {profile.SystemNamespace}
        """);

    private static string Role(string kind, string? ns, string name, IReadOnlyList<Grant> grants)
    {
        var head = KubeYaml.Object($"""
            apiVersion: rbac.authorization.k8s.io/v1
            kind: {kind}
            metadata:
              name: {name}
              {(ns is null ? "" : $"namespace: {ns}")}
            """);
        // The writer of YAML knows no comments: each rule is written by itself, below its own.
        var writer = new YamlWriter("\n");
        return YamlText.Write(head) + "rules:\n" + string.Concat(grants.Select(grant => $"{Comment(grant)}\n{writer.Item(grant.ToRule(), 0)}\n"));
    }

    private static string Comment(Grant grant) => $"# {grant.Reason}{(grant.OnlyFor is null ? "" : $" Only for {grant.OnlyFor}.")}";

    private static JsonObject ClusterRoleBinding(Profile profile) => KubeYaml.Object($"""
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata:
          name: {profile.ClusterRole}
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: {profile.ClusterRole}
        subjects:
        - kind: ServiceAccount
          name: {Deployed.Operator}
          namespace: {profile.SystemNamespace}
        """);

    private static JsonObject RoleBinding(Profile profile, string ns) => KubeYaml.Object($"""
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
          namespace: {profile.SystemNamespace}
        """);
}
