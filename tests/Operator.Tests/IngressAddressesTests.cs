using System.Text.Json;
using Turnpike.Operator.Status;

namespace Turnpike.Tests.Operator;

public sealed class IngressAddressesTests
{
    private static readonly Dictionary<string, JsonElement> Nodes = new()
    {
        ["inside"] = Json("""{"status":{"addresses":[{"type":"InternalIP","address":"10.0.0.1"}]}}"""),
        ["outside"] = Json(
            """{"status":{"addresses":[{"type":"InternalIP","address":"10.0.0.2"},{"type":"ExternalIP","address":"198.51.100.2"}]}}"""),
    };

    [Fact]
    public void LoadBalancer_GoesFirst() =>
        Assert.Equal(
            """[{"ip":"203.0.113.1"},{"hostname":"lb.example.com"}]""",
            Addresses(
                """{"status":{"loadBalancer":{"ingress":[{"hostname":"lb.example.com"},{"ip":"203.0.113.1"}]}}"""
                    + ""","spec":{"externalIPs":["192.0.2.1"]}}"""));

    [Fact]
    public void ExternalIps_GoBeforeNodes() =>
        Assert.Equal("""[{"ip":"192.0.2.1"}]""", Addresses("""{"status":{"loadBalancer":{}},"spec":{"externalIPs":["192.0.2.1"]}}"""));

    [Fact]
    public void Nodes_AreThoseOfReadyProxies_ExternalAddressFirst() =>
        Assert.Equal("""[{"ip":"10.0.0.1"},{"ip":"198.51.100.2"}]""", Addresses("""{"status":{"loadBalancer":{}},"spec":{}}"""));

    [Fact]
    public void NoService_StillHasNodes() => Assert.Equal("""[{"ip":"10.0.0.1"},{"ip":"198.51.100.2"}]""", Addresses(null));

    private static string Addresses(string? service) => IngressAddresses.Of(
        service is null ? null : Json(service),
        [Pod("inside", "10.0.0.1", "True"), Pod("outside", "10.0.0.2", "True"), Pod("inside", "10.0.0.9", "False")],
        Nodes).ToJsonString();

    private static JsonElement Pod(string node, string host, string ready) =>
        Json(
            $$$"""{"spec":{"nodeName":"{{{node}}}"},"status":{"hostIP":"{{{host}}}","conditions":[{"type":"Ready","status":"{{{ready}}}"}]}}"""
        );

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement.Clone();
}
