using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Hosting.Client;
using Turnpike.Operator.Manifests;

namespace Turnpike.Operator.Defaults;

/// <summary>An object that is created when it is missing, and belongs to the user from then on.</summary>
internal sealed record DefaultObject(ResourceRef Resource, NamespacedName Key, JsonObject Body);

/// <summary>
/// The settings and the IngressClass of a new installation. The settings repeat the most important defaults, as a start for changes. They
/// name no image, because they stay when the operator is upgraded, and would keep the sidecars at the old version.
/// </summary>
internal static class DefaultObjects
{
    public static IReadOnlyList<DefaultObject> Of(Profile profile) =>
    [
        new(KnownResources.ConfigMaps, new NamespacedName(profile.SystemNamespace, profile.MeshConfigMap), MeshConfig(profile)),
        new(KnownResources.ConfigMaps, new NamespacedName(profile.SystemNamespace, profile.InjectConfigMap), InjectConfig(profile)),
        new(KnownResources.IngressClasses, NamespacedName.ClusterScoped(profile.IngressClass), IngressClass(profile)),
    ];

    private static JsonObject MeshConfig(Profile profile) => KubeYaml.Object($"""
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: {profile.MeshConfigMap}
          namespace: {profile.SystemNamespace}
        data:
          {Names.MeshConfigKey}: |
            # Settings of the whole mesh. The operator created this ConfigMap because there was none, and does not change it again.
            # An unknown key causes a warning that suggests the nearest known one. All keys: docs/reference/mesh.md
            ingressClass: {profile.IngressClass}
            ingressControllerMode: STRICT
            defaultRequestTimeout: 15s
        """);

    private static JsonObject InjectConfig(Profile profile) => KubeYaml.Object($"""
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: {profile.InjectConfigMap}
          namespace: {profile.SystemNamespace}
        data:
          {Names.InjectConfigKey}: |
            # Which pods get a sidecar. The operator created this ConfigMap because there was none, and does not change it again.
            # With policy enabled, pods are injected unless they opt out; with disabled, only if they or their namespace ask for it.
            policy: {(profile.InjectsByDefault ? "enabled" : "disabled")}
            # The namespaces in which pods are injected. An empty string stands for all.
            namespaces: [""]
            # The proxy's image is that of the operator's option --proxy-image, as for the ingress. To use another one:
            # proxyImage: {Deployed.ProxyImage}
        """);

    private static JsonObject IngressClass(Profile profile) => KubeYaml.Object($"""
        apiVersion: networking.k8s.io/v1
        kind: IngressClass
        metadata:
          name: {profile.IngressClass}
        spec:
          controller: {Names.IngressController}
        """);
}
