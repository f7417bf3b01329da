using System.Text.Json.Nodes;
using Turnpike.Api.Core;
using Turnpike.Api.Mesh;
using Turnpike.Primitives;

namespace Turnpike.Tests.Api;

public sealed class CoreReaderTests
{
    [Fact]
    public void Service_HasPortsAsTheApiServerDefaultsThem()
    {
        var service = CoreReaders.ReadService(Json("""
            {"metadata": {"name": "a", "namespace": "n"}, "spec": {"ports": [
              {"name": "http", "port": 80, "appProtocol": "http"}, {"port": 53, "protocol": "UDP"}]}}
            """)).Value!;

        Assert.Equal("ClusterIP", service.Type);
        Assert.Equal([new ServicePort("http", 80, "http", "TCP"), new ServicePort("", 53, null, "UDP")], service.Ports);
    }

    [Fact]
    public void Endpoints_KeepReadyAndNotReadyApart()
    {
        var endpoints = EndpointsReader.ReadEndpoints(Json("""
            {"metadata": {"name": "a", "namespace": "n"}, "subsets": [{
              "addresses": [{"ip": "10.0.0.1", "targetRef": {"kind": "Pod", "name": "p"}}],
              "notReadyAddresses": [{"ip": "10.0.0.2", "targetRef": {"kind": "Node", "name": "x"}}],
              "ports": [{"name": "http", "port": 8080}]}]}
            """)).Value!;

        Assert.Equal(("a", false), (endpoints.ServiceName, endpoints.FromSlice));
        var subset = Assert.Single(endpoints.Subsets);
        Assert.Equal([new EndpointAddress("10.0.0.1", "p", true), new EndpointAddress("10.0.0.2", null, false)], subset.Addresses);
        Assert.Equal(8080, subset.Ports["http"]);
    }

    [Theory]
    [InlineData("{}", true)]
    [InlineData("""{"ready": null}""", true)]
    [InlineData("""{"ready": true, "serving": true, "terminating": false}""", true)]
    [InlineData("""{"ready": false, "serving": true, "terminating": true}""", false)]
    [InlineData("""{"ready": true, "terminating": true}""", true)]
    [InlineData("""{"terminating": true}""", false)]
    [InlineData("""{"serving": false}""", false)]
    public void Slice_JudgesReadiness(string conditions, bool ready)
    {
        var endpoints = EndpointsReader
            .ReadSlice(
                Json(
                    $$$"""
                    {"metadata": {"name": "a-1", "labels": {"kubernetes.io/service-name": "a"}}, "addressType": "IPv4",
                     "endpoints": [{"addresses": ["10.0.0.1", "10.0.0.9"], "conditions": {{{conditions}}}, "targetRef": {"kind": "Pod", "name": "p"}}],
                     "ports": [{"port": 80}, {"name": "all", "port": null}]}
                    """))
            .Value!;

        Assert.Equal(("a", true), (endpoints.ServiceName, endpoints.FromSlice));
        var subset = Assert.Single(endpoints.Subsets);
        Assert.Equal([new EndpointAddress("10.0.0.1", "p", ready)], subset.Addresses);
        Assert.Equal(80, Assert.Single(subset.Ports).Value);
    }

    [Fact]
    public void Slice_OfHostNames_HasNoEndpoints() =>
        Assert.Empty(
            EndpointsReader
                .ReadSlice(
                    Json(
                        """
                        {"metadata": {"labels": {"kubernetes.io/service-name": "a"}}, "addressType": "FQDN", "endpoints": [{"addresses": ["a.example.com"]}]}
                        """))
                .Value!.Subsets);

    [Theory]
    [InlineData("""{"podIP": "10.0.0.1"}""", "10.0.0.1")]
    [InlineData("""{"podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]}""", "10.0.0.1 fd00::1")]
    [InlineData("{}", "")]
    public void Pod_HasItsAddresses(string status, string ips) =>
        Assert.Equal(
            ips, string.Join(' ', CoreReaders.ReadPod(Json("{\"metadata\": {\"name\": \"p\"}, \"status\": " + status + "}")).Value!.Ips));

    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    public void IngressClass_KnowsWhetherItIsTheDefault(string annotation, bool isDefault)
    {
        var ingressClass = CoreReaders.ReadIngressClass(Json($$$"""
            {"metadata": {"name": "istio", "annotations": {"ingressclass.kubernetes.io/is-default-class": "{{{annotation}}}"}},
             "spec": {"controller": "turnpike.io/ingress-controller"}}
            """)).Value!;

        Assert.Equal(("turnpike.io/ingress-controller", isDefault), (ingressClass.Controller, ingressClass.IsDefault));
    }

    [Fact]
    public void Mesh_ReadsEveryKey()
    {
        var mesh = MeshConfigReader
            .Read(
                Json(
                    """
                    {"ingressClass": "edge", "ingressControllerMode": "DEFAULT", "defaultRequestTimeout": "0s", "connect_timeout": "2s", "upstreamHost": "service",
                     "tlsIngressHttp": "redirect", "crossNamespaceRules": "allow", "domain": "corp.local", "trustedCidrs": ["10.0.0.0/8"], "drainDuration": "5s",
                     "circuitLimits": {"connections": 10, "pendingRequests": 0, "retries": 1}}
                    """))
            .Value!;

        Assert.Equal("edge", mesh.IngressClass);
        Assert.Equal(IngressControllerMode.Default, mesh.IngressControllerMode);
        Assert.True(mesh.DefaultRequestTimeout.IsDisabled);
        Assert.Equal(TimeSpan.FromSeconds(2), mesh.ConnectTimeout.Value);
        Assert.Equal(UpstreamHost.Service, mesh.UpstreamHost);
        Assert.Equal(TlsIngressHttp.Redirect, mesh.TlsIngressHttp);
        Assert.True(mesh.AllowCrossNamespaceRules);
        Assert.Equal("corp.local", mesh.Domain);
        Assert.Equal("10.0.0.0/8", Assert.Single(mesh.TrustedCidrs));
        Assert.Equal(TimeSpan.FromSeconds(5), mesh.DrainDuration.Value);
        Assert.Equal(new CircuitLimits { Connections = 10, PendingRequests = LimitSetting.Unlimited, Retries = 1 }, mesh.CircuitLimits);
        Assert.Equal((10, int.MaxValue, 1024, 1), mesh.CircuitLimits.Effective());
    }

    [Theory]
    [InlineData("{}", 45)]
    [InlineData("""{"drainDuration": "0s"}""", 0)]
    [InlineData("""{"defaultConfig": {"drainDuration": "2s"}, "drainDuration": "0s"}""", 0)]
    [InlineData("""{"defaultConfig": {"drainDuration": "2s"}}""", 2)]
    [InlineData("""{"defaultConfig": {"drainDuration": "2s"}, "drainDuration": "3s"}""", 3)]
    public void Mesh_FindsTheDrainTimeWhereItStoodIn2017(string json, int seconds) =>
        Assert.Equal(
            TimeSpan.FromSeconds(seconds),
            MeshConfigReader.Read(Json(json)).Value!.DrainDuration.Or(ProxyDefaults.DrainDuration) ?? TimeSpan.Zero);

    private static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();
}
