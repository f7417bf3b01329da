namespace Turnpike.Hosting.Client;

/// <summary>The kinds of Kubernetes that any part of the project reads or writes, each defined once.</summary>
public static class KnownResources
{
    public static readonly ResourceRef ConfigMaps = new("", "v1", "configmaps", "ConfigMap");
    public static readonly ResourceRef Endpoints = new("", "v1", "endpoints", "Endpoints");
    public static readonly ResourceRef LimitRanges = new("", "v1", "limitranges", "LimitRange");
    public static readonly ResourceRef Namespaces = new("", "v1", "namespaces", "Namespace");
    public static readonly ResourceRef Nodes = new("", "v1", "nodes", "Node");
    public static readonly ResourceRef Pods = new("", "v1", "pods", "Pod");
    public static readonly ResourceRef ResourceQuotas = new("", "v1", "resourcequotas", "ResourceQuota");
    public static readonly ResourceRef Secrets = new("", "v1", "secrets", "Secret");
    public static readonly ResourceRef ServiceAccounts = new("", "v1", "serviceaccounts", "ServiceAccount");
    public static readonly ResourceRef Services = new("", "v1", "services", "Service");

    public static readonly ResourceRef Deployments = new("apps", "v1", "deployments", "Deployment");
    public static readonly ResourceRef DisruptionBudgets = new("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget");

    /// <summary>The version of PodDisruptionBudgets that Kubernetes before 1.21 serves.</summary>
    public static readonly ResourceRef DisruptionBudgetsBeta = DisruptionBudgets with { Version = "v1beta1" };

    public static readonly ResourceRef EndpointSlices = new("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice");
    public static readonly ResourceRef Events = new("events.k8s.io", "v1", "events", "Event");
    public static readonly ResourceRef IngressClasses = new("networking.k8s.io", "v1", "ingressclasses", "IngressClass");
    public static readonly ResourceRef Ingresses = new("networking.k8s.io", "v1", "ingresses", "Ingress");
    public static readonly ResourceRef Leases = new("coordination.k8s.io", "v1", "leases", "Lease");
    public static readonly ResourceRef NetworkPolicies = new("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy");

    public static readonly ResourceRef ClusterRoleBindings = Rbac("clusterrolebindings", "ClusterRoleBinding");
    public static readonly ResourceRef ClusterRoles = Rbac("clusterroles", "ClusterRole");
    public static readonly ResourceRef RoleBindings = Rbac("rolebindings", "RoleBinding");
    public static readonly ResourceRef Roles = Rbac("roles", "Role");

    public static readonly ResourceRef CustomResourceDefinitions =
        new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition");

    public static readonly ResourceRef MutatingWebhooks =
        new("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration");

    public static readonly ResourceRef ValidatingWebhooks =
        new("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration");

    public static readonly ResourceRef SelfSubjectAccessReviews =
        new("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview");

    public static readonly ResourceRef TokenReviews = new("authentication.k8s.io", "v1", "tokenreviews", "TokenReview");

    private static ResourceRef Rbac(string plural, string kind) => new("rbac.authorization.k8s.io", "v1", plural, kind);
}
