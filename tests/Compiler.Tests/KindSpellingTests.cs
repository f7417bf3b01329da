using System.Text.Json.Nodes;
using Turnpike.Compiler;

namespace Turnpike.Tests.Compiler;

public sealed class KindSpellingTests
{
    [Theory]
    [InlineData("networking.k8s.io/v1", "Ingres", "Ingress")]
    [InlineData("networking.k8s.io/v1", "INGRESS", "Ingress")]
    [InlineData("networking.k8s.io/v1", "Ingresses", "Ingress")]
    [InlineData("networking.k8s.io/v1", "IngressClas", "IngressClass")]
    [InlineData("v1", "Services", "Service")]
    [InlineData("v1", "Sevrice", "Service")]
    [InlineData("v1", "Endpoint", "Endpoints")]
    [InlineData("discovery.k8s.io/v1", "EndpointSlices", "EndpointSlice")]
    [InlineData("", "RouteRul", "RouteRule")]
    public void NearKind_IsDoubted(string apiVersion, string kind, string meant)
    {
        var doubt = KindSpelling.DoubtOf(Object(apiVersion, kind));
        Assert.Equal((false, meant), (doubt!.IsError, doubt.Kind));
    }

    [Theory]
    [InlineData("RouteRules", "RouteRule")]
    [InlineData("DestinationPolicy", null)]
    public void UnknownKindOfOurGroup_IsAnError(string kind, string? meant)
    {
        var doubt = KindSpelling.DoubtOf(Object("config.istio.io/v1alpha2", kind));
        Assert.Equal((true, meant), (doubt!.IsError, doubt.Kind));
    }

    [Theory]
    [InlineData("v1", "Ingress")]
    [InlineData("networkin.k8s.io/v1", "Ingress")]
    [InlineData("extension/v1beta1", "Ingress")]
    [InlineData("config.istio.oi/v1alpha2", "RouteRule")]
    public void KindThatIsKnownInAnotherGroup_IsDoubtedWhereThatIsNear(string apiVersion, string kind) =>
        Assert.Equal(kind, KindSpelling.DoubtOf(Object(apiVersion, kind))?.Kind);

    /// <summary>Whatever a cluster of today has beside what is read.</summary>
    [Theory]
    [InlineData(
        "v1",
        "Binding,ComponentStatus,Event,LimitRange,Node,PersistentVolume,PersistentVolumeClaim,PodTemplate,ReplicationController,ResourceQuota,ServiceAccount,List,Status"
    )]
    [InlineData("apps/v1", "ControllerRevision,DaemonSet,Deployment,ReplicaSet,StatefulSet")]
    [InlineData("networking.k8s.io/v1", "NetworkPolicy,IPAddress,ServiceCIDR")]
    [InlineData("networking.istio.io/v1", "VirtualService,Gateway,ServiceEntry,Sidecar,DestinationRule,WorkloadEntry,ProxyConfig")]
    [InlineData("gateway.networking.k8s.io/v1", "Gateway,GatewayClass,HTTPRoute,GRPCRoute,ReferenceGrant")]
    [InlineData("traefik.io/v1alpha1", "IngressRoute,IngressRouteTCP,Middleware,TraefikService")]
    [InlineData("serving.knative.dev/v1", "Service,Route,Revision,Configuration")]
    [InlineData("rbac.authorization.k8s.io/v1", "Role,RoleBinding,ClusterRole,ClusterRoleBinding")]
    public void KindsOfOthers_AreNot(string apiVersion, string kinds) =>
        Assert.All(kinds.Split(','), kind => Assert.Null(KindSpelling.DoubtOf(Object(apiVersion, kind))));

    [Theory]
    [InlineData("networking.k8s.io/v1", "Ingress")]
    [InlineData("config.istio.io/v1alpha2", "RouteRule")]
    [InlineData("", "Service")]
    public void KindThatIsRead_IsNot(string apiVersion, string kind) => Assert.Null(KindSpelling.DoubtOf(Object(apiVersion, kind)));

    [Fact]
    public void ObjectWithoutKind_IsNot() => Assert.Null(KindSpelling.DoubtOf(new JsonObject { ["apiVersion"] = "v1", ["kind"] = 3 }));

    private static JsonObject Object(string apiVersion, string kind) =>
        apiVersion.Length == 0 ? new JsonObject { ["kind"] = kind } : new JsonObject { ["apiVersion"] = apiVersion, ["kind"] = kind };
}
