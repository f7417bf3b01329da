using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Hosting.Client;
using Turnpike.Operator.Manifests;

namespace Turnpike.Operator.Defaults;

/// <summary>An object that is made where it is missing, and is its user's from then on.</summary>
internal sealed record DefaultObject(ResourceRef Resource, NamespacedName Key, JsonObject Body);

/// <summary>
/// The settings and the IngressClass of a fresh installation. They say what counts without them, and what else there is: whoever wants to
/// change something begins here. No image is named: settings that stay when the operator goes on would keep the sidecars behind.
/// </summary>
internal static class DefaultObjects
{
    public static readonly ResourceRef ConfigMaps = new("", "v1", "configmaps", "ConfigMap");
    public static readonly ResourceRef IngressClasses = new("networking.k8s.io", "v1", "ingressclasses", "IngressClass");

    public static IReadOnlyList<DefaultObject> Of(Profile profile) =>
    [
        new(ConfigMaps, new NamespacedName(profile.SystemNamespace, profile.MeshConfigMap), MeshConfig(profile)),
        new(ConfigMaps, new NamespacedName(profile.SystemNamespace, profile.InjectConfigMap), InjectConfig(profile)),
        new(IngressClasses, NamespacedName.ClusterScoped(profile.IngressClass), IngressClass(profile)),
    ];

    private static JsonObject MeshConfig(Profile profile) => KubeYaml.Object($"""
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: {profile.MeshConfigMap}
          namespace: {profile.SystemNamespace}
        data:
          {Names.MeshConfigKey}: |
            # Settings of the whole mesh. The operator made them because there were none, and will not change them again.
            # A key that is not known is warned about, with the nearest one that is. Each key: docs/reference/mesh.md
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
            # Which pods get a sidecar, and which one. The operator made this because there was none, and will not change it again.
            # policy: enabled injects pods that say nothing; disabled only those that ask, or whose namespace does.
            policy: {(profile.InjectsByDefault ? "enabled" : "disabled")}
            # The namespaces in which pods are injected; the empty text stands for all.
            namespaces: [""]
            # The proxy's image is the one that the operator was started with (--proxy-image), as for the ingress. Another one:
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
