using System.Text.Json.Nodes;
using Turnpike.Discovery;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster;

/// <summary>One object of the input in the form in which it is sent.</summary>
internal sealed record ClusterObject(ResourceRef Resource, NamespacedName Key, JsonObject Body)
{
    public bool IsRouteRule => Resource == CustomResources.RouteRules;

    /// <summary>The version that the user edited; empty if the input does not name one.</summary>
    public string ResourceVersion =>
        Body["metadata"]?["resourceVersion"] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";

    public override string ToString() => ObjectName.Of(Resource.Kind, Key);
}
