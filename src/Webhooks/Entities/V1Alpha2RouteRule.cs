using System.Text.Json.Serialization;
using k8s.Models;
using KubeOps.Abstractions.Entities;
using KubeOps.Abstractions.Entities.Attributes;
using Turnpike.Api;
using Turnpike.Api.RouteRules;

namespace Turnpike.Webhooks.Entities;

/// <summary>
/// A RouteRule. Its custom resource definition takes the names and columns from these attributes, and the schema from the Api room.
/// </summary>
[KubernetesEntity(Group = Names.Group, ApiVersion = Names.Version, Kind = RouteRuleReader.Kind, PluralName = "routerules")]
[KubernetesEntityShortNames("rr")]
[EntityScope(EntityScope.Namespaced)]
[GenericAdditionalPrinterColumn(
    ".spec.destination.name", "Destination", "string", Description = "The service that the rule governs.")]
[GenericAdditionalPrinterColumn(".spec.precedence", "Precedence", "integer", Description = "Rules with a larger value are tried first.")]
[GenericAdditionalPrinterColumn(
    ".status.conditions[?(@.type==\"Accepted\")].status",
    "Accepted",
    "string",
    Description = "Whether the rule is valid and may govern its destination.")]
[GenericAdditionalPrinterColumn(
    ".status.conditions[?(@.type==\"Programmed\")].status",
    "Programmed",
    "string",
    Description = "Whether every proxy that needs the rule has it in force.")]
[GenericAdditionalPrinterColumn(".metadata.creationTimestamp", "Age", "date", Description = "Time since creation.")]
[JsonConverter(typeof(RawEntityConverter<V1Alpha2RouteRule>))]
public sealed class V1Alpha2RouteRule : RawEntity;
