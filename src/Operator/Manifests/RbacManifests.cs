using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Discovery;
using Turnpike.Yaml;

namespace Turnpike.Operator.Manifests;

/// <summary>
/// The roles of the operator, with nothing that it does not need. The proxies have none, because they never call the API server.
/// </summary>
internal static class RbacManifests
{
    private const string Networking = "networking.k8s.io";

    private static readonly string[] Watch = ["list", "watch"];

    // The leader applies these objects. An apply is a patch, and a create when the object does not exist yet.
    private static readonly string[] Apply = ["list", "watch", "create", "patch"];

    /// <summary>The grants in every namespace.</summary>
    public static IReadOnlyList<Grant> OfCluster(Profile profile) =>
    [
        .. WatchedKinds.All(profile)
            .Where(kind => kind.Query.Namespace is null)
            .GroupBy(kind => (kind.Reason, kind.Resource.Group, kind.OnlyFor))
            .Select(kinds => new Grant(kinds.Key.Reason, kinds.Key.Group, [.. kinds.Select(kind => kind.Resource.Plural)], Watch)
            {
                OnlyFor = kinds.Key.OnlyFor,
            }),
        new(
            "The operator creates the IngressClass when it is missing, and never changes it. A role cannot restrict a create to one name.",
            Networking,
            ["ingressclasses"],
            ["create"]),
        new("The operator reads an Ingress before it writes addresses to its status.", Networking, ["ingresses"], ["get"]),
        new("The operator writes the addresses of the managed ingress to the status of Ingresses.", Networking, ["ingresses/status"], ["patch"]),
        new("The operator reads a RouteRule before it writes conditions to its status.", Api.Names.Group, ["routerules"], ["get"]),
        new("The operator writes conditions to the status of RouteRules.", Api.Names.Group, ["routerules/status"], ["patch"]),
        new(
            "Without a load balancer, the addresses of the ingress are those of its nodes. "
                + "The oldest kubelet decides whether sidecars can be native.",
            "",
            ["nodes"],
            Watch),
        new("A sidecar must fit the limits of its namespace.", "", ["limitranges", "resourcequotas"], Watch),
        new("The operator publishes Events on objects, and counts repetitions.", "events.k8s.io", ["events"], ["create", "patch"]),
        new("The operator identifies proxies by their tokens.", "authentication.k8s.io", ["tokenreviews"], ["create"]),
        new(
            "The operator writes its certificate authority to the webhook configurations, "
                + "and makes them belong to its namespace, so that they are deleted with it.",
            "admissionregistration.k8s.io",
            ["validatingwebhookconfigurations", "mutatingwebhookconfigurations"],
            ["get", "list", "watch", "patch"])
        {
            Names = [profile.WebhookConfiguration],
        },
        new("The webhook configurations name the operator's namespace as their owner, by its uid.", "", ["namespaces"], ["get"])
        {
            Names = [profile.SystemNamespace],
        },
    ];

    /// <summary>The grants in the operator's own namespace.</summary>
    public static IReadOnlyList<Grant> OfSystemNamespace(Profile profile) =>
    [
        new(
            "ConfigMaps hold the settings, which are created when they are missing and never changed, the authority that proxies trust, "
                + "the status of the installation, and the hosts of each namespace in a record that is named after it.",
            "",
            ["configmaps"],
            [.. Apply, "delete"]),
        new("All replicas share the key of the certificate authority.", "", ["secrets"], ["get", "list", "watch"])
        {
            Names = [Deployed.CaSecret],
        },
        new("The operator renews the certificate authority.", "", ["secrets"], ["update"])
        {
            Names = [Deployed.CaSecret],
            OnlyFor = "an operator that runs for months",
        },
        new("The operator creates the authority's Secret once. A role cannot restrict a create to one name.", "", ["secrets"], ["create"]),
        new("The replicas elect a leader.", "coordination.k8s.io", ["leases"], ["get", "update"]) { Names = [Deployed.Lease] },
        new(
            "The operator creates the lease once. A role cannot restrict a create to one name.",
            "coordination.k8s.io",
            ["leases"],
            ["create"]),
        new("The operator applies the Deployment of the managed ingress.", "apps", ["deployments"], Apply)
        {
            Names = [profile.IngressService],
        },
        new("The operator applies the Service and the ServiceAccount of the managed ingress.", "", ["services", "serviceaccounts"], Apply)
        {
            Names = [profile.IngressService],
        },
        new("The operator applies the disruption budgets of ingress and operator.", "policy", ["poddisruptionbudgets"], Apply)
        {
            Names = [profile.IngressService, Deployed.Operator],
        },
    ];

    /// <summary>The grants in the namespace of the self-test, which creates objects there by dry run.</summary>
    public static IReadOnlyList<Grant> OfSelfTest { get; } =
    [
        new(
            "The self-test creates a marked pod by dry run, and checks that it gets a sidecar. The operator can create pods in no other namespace.",
            "",
            ["pods"],
            ["create"]),
        new(
            "The self-test creates an invalid RouteRule by dry run, and checks that it is refused.",
            Api.Names.Group,
            ["routerules"],
            ["create"]),
    ];

    /// <summary>Returns the documents, with the reason above each rule.</summary>
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
        // The YAML writer has no comments, so each rule is written separately, below its comment.
        var writer = new YamlWriter("\n");
        var rules = grants.Select(grant => $"{Comment(grant)}\n{writer.Item(grant.ToRule(), 0)}\n");
        return YamlText.Write(head) + "rules:\n" + string.Concat(rules);
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
