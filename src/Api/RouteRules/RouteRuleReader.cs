using System.Text.Json.Nodes;
using Turnpike.Reading;

namespace Turnpike.Api.RouteRules;

/// <summary>Decodes a RouteRule object strictly and validates it.</summary>
public static class RouteRuleReader
{
    public const string Kind = "RouteRule";

    private static readonly string[] TopFields = ["apiVersion", "kind", "metadata", "spec", "status"];

    /// <summary>
    /// Decodes and validates <paramref name="raw"/>. All errors are reported together, in the order and spelling in which the user wrote
    /// the fields.
    /// </summary>
    public static Decoded<RouteRule> Read(JsonObject raw)
    {
        var findings = new Findings();
        if (!JsonText.TryFields(raw, out var fields, out var fault))
        {
            findings.AddError(FieldError.Invalid("", null, fault));
            return findings.Result(new RouteRule(new ObjectMeta(), new RouteRuleSpec()));
        }
        foreach (var name in fields.Select(f => f.Key).Except(TopFields, StringComparer.Ordinal))
        {
            var hint = Spelling.Nearest(name, TopFields) is { } meant ? Spelling.DidYouMean(meant)
                : MessageSchema.RouteRuleSpec.Find(name) is not null ? "; it belongs under \"spec\""
                : "; the fields here are " + string.Join(", ", TopFields.Select(f => $"\"{f}\""));
            findings.AddError(FieldError.Forbidden(FieldPath.Child("", name), "unknown field" + hint));
        }
        var reader = new ObjectReader(findings, raw);
        reader.ExpectType([Names.GroupVersion], Kind);
        var metadata = ObjectMetaReader.ReadNamed(reader);
        var spec = ReadSpec(findings, raw["spec"]);
        findings.Validate(RouteRuleValidator.Instance, spec);
        return findings.Result(new RouteRule(metadata, spec));
    }

    private static RouteRuleSpec ReadSpec(Findings findings, JsonNode? node)
    {
        findings.Record("", "spec", node);
        if (node is JsonObject json)
            return (RouteRuleSpec)new MessageDecoder(findings).Decode(MessageSchema.RouteRuleSpec, json, "spec", "");
        if (node is not null)
            findings.AddError("", FieldError.Invalid("spec", JsonText.Quote(node), $"must be an object, not {JsonText.KindOf(node)}"));
        return new RouteRuleSpec();
    }
}
