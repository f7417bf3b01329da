using System.Reflection;
using System.Text.Json.Nodes;
using k8s.Models;
using KubeOps.Abstractions.Entities.Attributes;
using Turnpike.Api.RouteRules;
using Turnpike.Webhooks.Entities;

namespace Turnpike.Operator.Manifests;

/// <summary>
/// The CustomResourceDefinition of RouteRule: a structural schema with every field in both spellings, derived from the records that the
/// decoder fills. The names and columns come from the attributes of the entity, as in KubeOps' generator.
/// </summary>
internal static class RouteRuleCrd
{
    private static readonly Type Entity = typeof(V1Alpha2RouteRule);
    private static readonly KubernetesEntityAttribute Kind = Entity.GetCustomAttribute<KubernetesEntityAttribute>()!;

    public static JsonObject Build() => new()
    {
        ["apiVersion"] = "apiextensions.k8s.io/v1",
        ["kind"] = "CustomResourceDefinition",
        ["metadata"] = new JsonObject { ["name"] = $"{Kind.PluralName}.{Kind.Group}" },
        ["spec"] = new JsonObject
        {
            ["group"] = Kind.Group,
            ["names"] = new JsonObject
            {
                ["kind"] = Kind.Kind,
                ["listKind"] = Kind.Kind + "List",
                ["plural"] = Kind.PluralName,
                ["singular"] = Kind.Kind.ToLowerInvariant(),
                ["shortNames"] = new JsonArray(
                    [.. Entity.GetCustomAttributes<KubernetesEntityShortNamesAttribute>().SelectMany(names => names.ShortNames)]),
            },
            ["scope"] = Entity.GetCustomAttribute<EntityScopeAttribute>()!.Scope.ToString(),
            ["versions"] = new JsonArray(new JsonObject
            {
                ["name"] = Kind.ApiVersion,
                ["served"] = true,
                ["storage"] = true,
                ["additionalPrinterColumns"] = new JsonArray(
                    [.. Entity.GetCustomAttributes<GenericAdditionalPrinterColumnAttribute>().Select(Column)]),
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
        // The API server estimates the cost of a CEL rule from the largest number of its messages.
        if (field.MaxCount is { } count)
            schema[field.Shape == FieldShape.List ? "maxItems" : "maxProperties"] = count;
        string[] sentences = [field.Description, field.Bounds, field.Default.Length > 0 ? $"Default: {field.Default}." : ""];
        schema["description"] = string.Join(' ', sentences.Where(sentence => sentence.Length > 0));
        return schema;
    }

    /// <summary>Adds the bounds that a schema reports as clearly as the webhook. Durations and patterns are left to the webhook.</summary>
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
        static JsonObject Field(string type, string? format, string description)
        {
            var field = new JsonObject { ["type"] = type };
            if (format is not null)
                field["format"] = format;
            field["description"] = description;
            return field;
        }

        static JsonObject Text(string description) => Field("string", null, description);
        return new JsonObject
        {
            ["type"] = "object",
            ["description"] = "The status of the rule.",
            ["properties"] = new JsonObject
            {
                ["observedGeneration"] = Field("integer", "int64", "The generation of the rule that the conditions are about."),
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
                            ["type"] = Text("The type of the condition."),
                            ["status"] = Text("True, False or Unknown."),
                            ["reason"] = Text("The reason, one word."),
                            ["message"] = Text("An explanation."),
                            ["lastTransitionTime"] = Field("string", "date-time", "The time of the last change of the status."),
                            ["observedGeneration"] = Field("integer", "int64", "The generation of the rule that this condition is about."),
                        },
                    },
                },
            },
        };
    }

    private static JsonObject Column(GenericAdditionalPrinterColumnAttribute column) =>
        new() { ["name"] = column.Name, ["type"] = column.Type, ["jsonPath"] = column.JsonPath, ["description"] = column.Description };
}
