using System.Text.Json;
using Turnpike.Api;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Status;

/// <summary>The report of the control plane's leader about itself and the proxies.</summary>
/// <param name="Build">The leader's build, or null.</param>
/// <param name="Proxies">The proxies, or null if they are not reported.</param>
/// <param name="InjectionWaits">The reason why no pod is injected, or null.</param>
internal sealed record FleetReport(string? Build, IReadOnlyList<ProxyReport>? Proxies, string? InjectionWaits = null)
{
    private static readonly FleetReport Nothing = new(null, null);

    /// <summary>Reads the report, which is empty if the ConfigMap does not exist.</summary>
    public static async Task<FleetReport> ReadAsync(KubeApi api, string system, CancellationToken ct)
    {
        var found = await api.FindAsync(KnownResources.ConfigMaps, new NamespacedName(system, Names.StatusConfigMap), ct);
        if (found?.Child("data") is not { } data)
            return Nothing;
        return new FleetReport(
            ProxyReport.Value(data, "build"),
            Read(data.Text(Names.StatusProxiesKey)),
            ProxyReport.Value(data, Names.StatusInjectionKey));
    }

    private static IReadOnlyList<ProxyReport>? Read(string? text)
    {
        if (text is null)
            return null;
        try
        {
            using var list = JsonDocument.Parse(text);
            return list.RootElement.ValueKind == JsonValueKind.Array
                ? [.. list.RootElement.EnumerateArray().Select(ProxyReport.Read)]
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>The report about one proxy.</summary>
/// <param name="Pod">The pod of the proxy.</param>
/// <param name="Build">The build of the proxy, or null.</param>
/// <param name="Version">The version of its table, or null.</param>
/// <param name="Error">The reason why the proxy refused its last table; empty if it did not.</param>
internal sealed record ProxyReport(NamespacedName Pod, string? Build, string? Version, string Error)
{
    public static ProxyReport Read(JsonElement proxy) => new(
        new(proxy.Text("namespace") ?? "", proxy.Text("pod") ?? ""),
        Value(proxy, "build"),
        Value(proxy, "tableVersion"),
        Value(proxy, "error") ?? "");

    /// <summary>Returns a value, or null if it is absent or empty.</summary>
    public static string? Value(JsonElement proxy, string name) =>
        proxy.Child(name) is { ValueKind: JsonValueKind.String or JsonValueKind.Number } value && value.ToString() is { Length: > 0 } text
            ? text
            : null;
}
