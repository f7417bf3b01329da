using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Hosting.Client;

namespace Turnpike.Operator.Status;

/// <summary>
/// The addresses of the ingress, as a pure function: those of the load balancer, or else the external IPs of the Service, or else the nodes
/// that run the proxy (each by its external address if it has one).
/// </summary>
internal static class IngressAddresses
{
    public static JsonArray Of(JsonElement? service, IEnumerable<JsonElement> proxyPods, IReadOnlyDictionary<string, JsonElement> nodes)
    {
        var balancer = Items(service?.Child("status")?.Child("loadBalancer")?.Child("ingress"));
        if (balancer.Count > 0)
            return Sorted(balancer.Select(b => b.Text("ip") is { Length: > 0 } ip ? Entry(ip) : Entry(b.Text("hostname") ?? "")));
        var external = Items(service?.Child("spec")?.Child("externalIPs"));
        if (external.Count > 0)
            return Sorted(external.Select(ip => Entry(ip.GetString() ?? "")));
        var hosts = proxyPods
            .Where(IsReady)
            .Select(pod => NodeAddress(pod, nodes))
            .OfType<string>()
            .Distinct(StringComparer.Ordinal);
        return Sorted(hosts.Select(Entry));
    }

    private static string? NodeAddress(JsonElement pod, IReadOnlyDictionary<string, JsonElement> nodes)
    {
        if (pod.Child("spec")?.Text("nodeName") is { } name && nodes.TryGetValue(name, out var node))
        {
            var addresses = Items(node.Child("status")?.Child("addresses"));
            var external = addresses.FirstOrDefault(a => a.Text("type") == "ExternalIP");
            if (external.ValueKind == JsonValueKind.Object)
                return external.Text("address");
        }
        return pod.Child("status")?.Text("hostIP");
    }

    private static bool IsReady(JsonElement pod) =>
        pod.Child("metadata")?.Text("deletionTimestamp") is null
        && Items(pod.Child("status")?.Child("conditions")).Any(c => c.Text("type") == "Ready" && c.Text("status") == "True");

    private static (string Kind, string Value) Entry(string address) =>
        (System.Net.IPAddress.TryParse(address, out _) ? "ip" : "hostname", address);

    private static JsonArray Sorted(IEnumerable<(string Kind, string Value)> entries) =>
    [
        .. entries
            .Where(e => e.Value.Length > 0)
            .OrderBy(e => e.Value, StringComparer.Ordinal)
            .Select(e => (JsonNode)new JsonObject { [e.Kind] = e.Value }),
    ];

    private static List<JsonElement> Items(JsonElement? array) =>
        array is { ValueKind: JsonValueKind.Array } items ? [.. items.EnumerateArray()] : [];
}
