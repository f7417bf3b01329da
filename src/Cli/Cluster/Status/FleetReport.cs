using System.Text.Json;
using Turnpike.Api;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Status;

/// <summary>What the leader of the control plane wrote of itself and of the proxies.</summary>
/// <param name="Build">The leader's; null where it does not say.</param>
/// <param name="Proxies">Null where it does not say.</param>
internal sealed record FleetReport(string? Build, IReadOnlyList<ProxyReport>? Proxies, string? InjectionWaits = null)
{
    private static readonly FleetReport Nothing = new(null, null);

    /// <summary>Without the ConfigMap nothing is reported.</summary>
    public static async Task<FleetReport> ReadAsync(KubeApi api, string system, CancellationToken ct)
    {
        var found = await api.FindAsync(KnownResources.ConfigMaps, new NamespacedName(system, Names.StatusConfigMap), ct);
        return found?.Child("data") is { } data ? new FleetReport(ProxyReport.Value(data, "build"), Read(data.Text(Names.StatusProxiesKey)), ProxyReport.Value(data, Names.StatusInjectionKey)) : Nothing;
    }

    private static IReadOnlyList<ProxyReport>? Read(string? text)
    {
        if (text is null)
            return null;
        try
        {
            using var list = JsonDocument.Parse(text);
            return list.RootElement.ValueKind == JsonValueKind.Array ? [.. list.RootElement.EnumerateArray().Select(ProxyReport.Read)] : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <param name="Error">Why the proxy refused its last table; empty where it did not.</param>
internal sealed record ProxyReport(NamespacedName Pod, string? Build, string? Version, string Error)
{
    public static ProxyReport Read(JsonElement proxy) => new(
        new(proxy.Text("namespace") ?? "", proxy.Text("pod") ?? ""), Value(proxy, "build"), Value(proxy, "tableVersion"), Value(proxy, "error") ?? "");

    /// <summary>Null for what is empty too.</summary>
    public static string? Value(JsonElement proxy, string name) =>
        proxy.Child(name) is { ValueKind: JsonValueKind.String or JsonValueKind.Number } value && value.ToString() is { Length: > 0 } text ? text : null;
}
