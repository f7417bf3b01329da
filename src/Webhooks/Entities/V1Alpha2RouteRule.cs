using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using k8s.Models;
using KubeOps.Abstractions.Entities;
using KubeOps.Abstractions.Entities.Attributes;
using Turnpike.Api;
using Turnpike.Api.RouteRules;

namespace Turnpike.Webhooks.Entities;

/// <summary>
/// RouteRule as the operator SDK hands it out. The spec stays JSON as the user wrote it: the strict reader of the Api room, which the
/// command line and file mode use too, is the only one to take it apart.
/// </summary>
[KubernetesEntity(Group = Names.Group, ApiVersion = Names.Version, Kind = RouteRuleReader.Kind, PluralName = "routerules")]
[EntityScope(EntityScope.Namespaced)]
public sealed class V1Alpha2RouteRule : CustomKubernetesEntity
{
    [JsonPropertyName("spec")]
    public JsonElement? Spec { get; set; }

    [JsonPropertyName("status")]
    public JsonElement? Status { get; set; }

    /// <summary>The object for the reader.</summary>
    internal JsonObject ToRaw()
    {
        var raw = new JsonObject
        {
            ["apiVersion"] = Names.GroupVersion,
            ["kind"] = RouteRuleReader.Kind,
            ["metadata"] = new JsonObject
            {
                ["name"] = Metadata.Name,
                ["generateName"] = Metadata.GenerateName,
                ["namespace"] = Metadata.NamespaceProperty,
            },
        };
        if (Spec is { } spec)
            raw["spec"] = JsonNode.Parse(spec.GetRawText());
        return raw;
    }
}
