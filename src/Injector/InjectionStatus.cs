using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Yaml;

namespace Turnpike.Injector;

/// <summary>The content of the status annotation: the names of everything that was added.</summary>
internal sealed record InjectionStatus(
    string Version, IReadOnlyList<string> InitContainers, IReadOnlyList<string> Containers, IReadOnlyList<string> Volumes)
{
    /// <summary>
    /// Returns the status of a workload's pods, or null if none is recorded. Any other text, such as that of 2017, stands for the proxy
    /// alone.
    /// </summary>
    public static InjectionStatus? Of(Workload workload, Profile profile)
    {
        string[] annotation = ["annotations", profile.InjectStatusAnnotation];
        var text = Json.Text(Json.At(workload.PodMetadata, annotation)) ?? Json.Text(Json.At(workload.Metadata, annotation));
        return text is null ? null : Parse(text) ?? new InjectionStatus(text, [], [profile.ProxyContainer], []);
    }

    /// <summary>
    /// Returns true when everything that is recorded is still present. An apply may keep the annotation and drop the container.
    /// </summary>
    public bool IsWhole(Workload workload) =>
        InitContainers.Count + Containers.Count > 0
        && !InitContainers.Except(workload.Names("initContainers")).Any()
        && !Containers.Except(workload.Names("containers")).Any()
        && !Volumes.Except(workload.Names("volumes")).Any();

    public string ToJson() => new FlowWriter("\n", spaced: false).Line(new JsonObject
    {
        ["version"] = Version,
        ["initContainers"] = List(InitContainers),
        ["containers"] = List(Containers),
        ["volumes"] = List(Volumes),
    });

    private static InjectionStatus? Parse(string text)
    {
        try
        {
            var node = JsonNode.Parse(text);
            if (node is not JsonObject || !Json.IsReadable(node))
                return null;
            var version = Json.Text(node["version"]) ?? "";
            return new InjectionStatus(version, Read(node["initContainers"]), Read(node["containers"]), Read(node["volumes"]));
        }
        catch (Exception fault) when (fault is JsonException or ArgumentException)
        {
            return null;
        }
    }

    private static string[] Read(JsonNode? node) => node is JsonArray items ? [.. items.Select(Json.Text).OfType<string>()] : [];

    private static JsonArray List(IEnumerable<string> names) => [.. names.Select(name => (JsonNode)name)];
}
