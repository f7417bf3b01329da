using System.Reflection;
using System.Text.Json.Nodes;
using k8s.Models;
using KubeOps.Abstractions.Entities.Attributes;
using Turnpike.Api.RouteRules;
using Turnpike.Webhooks.Entities;

namespace Turnpike.Operator.Manifests;

/// <summary>
/// The CustomResourceDefinition of RouteRule: a structural schema with every field in both spellings, derived from the records that the
/// decoder reads into. What it is called and which columns it has is said by the attributes of its entity, as KubeOps' generator has it.
/// </summary>
internal static class RouteRuleCrd
{
    private static readonly Type Entity = typeof(V1Alpha2RouteRule);
    private static readonly KubernetesEntityAttribute Said = Entity.GetCustomAttribute<KubernetesEntityAttribute>()!;

    public static JsonObject Build() => new()
    {
        ["apiVersion"] = "apiextensions.k8s.io/v1",
        ["kind"] = "CustomResourceDefinition",
        ["metadata"] = new JsonObject { ["name"] = $"{Said.PluralName}.{Said.Group}" },
        ["spec"] = new JsonObject
        {
            ["group"] = Said.Group,
            ["names"] = new JsonObject
            {
                ["kind"] = Said.Kind,
                ["listKind"] = Said.Kind + "List",
                ["plural"] = Said.PluralName,
                ["singular"] = Said.Kind.ToLowerInvariant(),
                ["shortNames"] = new JsonArray([.. Entity.GetCustomAttributes<KubernetesEntityShortNamesAttribute>().SelectMany(names => names.ShortNames)]),
            },
            ["scope"] = Entity.GetCustomAttribute<EntityScopeAttribute>()!.Scope.ToString(),
            ["versions"] = new JsonArray(new JsonObject
            {
                ["name"] = Said.ApiVersion,
                ["served"] = true,
                ["storage"] = true,
                ["additionalPrinterColumns"] = new JsonArray([.. Entity.GetCustomAttributes<GenericAdditionalPrinterColumnAttribute>().Select(Column)]),
                ["subresources"] = new JsonObject { ["status"] = new JsonObject() },
                ["schema"] = new JsonObject { ["openAPIV3Schema"] = ObjectSchema() },
            }),
        },
    };

    private static JsonObject ObjectSchema() => new()
    {
        ["type"] = "object",
        ["description"] = MessageSchema.RouteRuleSpec.Description,
        ["required"] = new JsonArray("spec"),
        ["properties"] = new JsonObject
        {
            ["apiVersion"] = new JsonObject { ["type"] = "string" },
            ["kind"] = new JsonObject { ["type"] = "string" },
            ["metadata"] = new JsonObject { ["type"] = "object" },
            ["spec"] = Message(MessageSchema.RouteRuleSpec, MessageSchema.RouteRuleSpec.Description),
            ["status"] = Status(),
        },
    };

    private static JsonObject Message(MessageSchema message, string description)
    {
        var properties = new JsonObject();
        foreach (var field in message.Fields)
        {
            properties[field.SnakeName] = Field(field);
            if (field.SnakeName != field.Name)
                properties[field.Name] = Field(field);
        }
        var schema = new JsonObject { ["type"] = "object", ["description"] = description, ["properties"] = properties };
        if (RouteRuleCel.Of(message) is { Count: > 0 } rules)
            schema["x-kubernetes-validations"] = rules;
        return schema;
    }

    private static JsonObject Field(FieldSchema field)
    {
        var value = field.Kind switch
        {
            FieldKind.String or FieldKind.Duration => new JsonObject { ["type"] = "string" },
            FieldKind.Boolean => new JsonObject { ["type"] = "boolean" },
            FieldKind.Int32 => new JsonObject { ["type"] = "integer", ["format"] = "int32" },
            FieldKind.Int64 => new JsonObject { ["type"] = "integer", ["format"] = "int64" },
            FieldKind.Double => new JsonObject { ["type"] = "number" },
            FieldKind.Any => new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true },
            _ => Message(field.Message!, field.Message!.Description),
        };
        AddBounds(value, field);
        var schema = field.Shape switch
        {
            FieldShape.List => new JsonObject { ["type"] = "array", ["items"] = value },
            FieldShape.Map => new JsonObject { ["type"] = "object", ["additionalProperties"] = value },
            _ => value,
        };
        // What a rule of CEL may cost is reckoned from how often its message may be there.
        if (field.MaxCount is { } count)
            schema[field.Shape == FieldShape.List ? "maxItems" : "maxProperties"] = count;
        schema["description"] = string.Join(' ', new[] { field.Description, field.Bounds, field.Default.Length > 0 ? $"Default: {field.Default}." : "" }.Where(t => t.Length > 0));
        return schema;
    }

    /// <summary>What a schema can hold and say as clearly as the webhook; durations and patterns are left to that.</summary>
    private static void AddBounds(JsonObject value, FieldSchema field)
    {
        if (field.Range is { } range)
        {
            value["minimum"] = JsonValue.Create((long)range.Least);
            if (range.Most < int.MaxValue)
                value["maximum"] = JsonValue.Create((long)range.Most);
        }
        if (field.MaxLength is { } length)
            value["maxLength"] = length;
    }

    private static JsonObject Status()
    {
        static JsonObject Text(string description) => new() { ["type"] = "string", ["description"] = description };
        return new JsonObject
        {
            ["type"] = "object",
            ["description"] = "What became of the rule.",
            ["properties"] = new JsonObject
            {
                ["observedGeneration"] = new JsonObject { ["type"] = "integer", ["format"] = "int64", ["description"] = "The generation that the conditions speak of." },
                ["conditions"] = new JsonObject
                {
                    ["type"] = "array",
                    ["description"] = "Accepted, ResolvedRefs, Programmed, Conflicted.",
                    ["x-kubernetes-list-type"] = "map",
                    ["x-kubernetes-list-map-keys"] = new JsonArray("type"),
                    ["items"] = new JsonObject
                    {
                        ["type"] = "object",
                        ["required"] = new JsonArray("type", "status", "reason", "message", "lastTransitionTime"),
                        ["properties"] = new JsonObject
                        {
                            ["type"] = Text("Which condition."),
                            ["status"] = Text("True, False or Unknown."),
                            ["reason"] = Text("One word."),
                            ["message"] = Text("One sentence."),
                            ["lastTransitionTime"] = new JsonObject { ["type"] = "string", ["format"] = "date-time", ["description"] = "When the status last changed." },
                            ["observedGeneration"] = new JsonObject { ["type"] = "integer", ["format"] = "int64", ["description"] = "The generation that this condition speaks of." },
                        },
                    },
                },
            },
        };
    }

    private static JsonObject Column(GenericAdditionalPrinterColumnAttribute column) =>
        new() { ["name"] = column.Name, ["type"] = column.Type, ["jsonPath"] = column.JsonPath, ["description"] = column.Description };
}
