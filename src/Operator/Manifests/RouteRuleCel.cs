using System.Text.Json.Nodes;
using Turnpike.Api.RouteRules;

namespace Turnpike.Operator.Manifests;

/// <summary>
/// The exclusions of a RouteRule as CEL expressions. The API server checks them itself from Kubernetes 1.25 on, even while the operator is
/// down; older versions drop them. Each names its field and has the message of the webhook (docs/decisions/0009). A field with two
/// spellings has a rule for each, so that the message names the one that was written. No rule costs more than a check whether a field is
/// present.
/// </summary>
internal static class RouteRuleCel
{
    private const string Forbidden = "FieldValueForbidden";
    private const string Required = "FieldValueRequired";

    // A field with one of these names has another name in CEL.
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop", "namespace", "null",
        "package", "return", "true", "var", "void", "while",
    };

    // These messages are always refused as a whole, so they need no rules of their own.
    private static readonly string[] AlwaysRefused = [nameof(L4FaultInjection), nameof(L4Throttle), nameof(L4Terminate)];

    /// <summary>Returns the rules of a message, wherever it stands.</summary>
    public static JsonArray Of(MessageSchema message) =>
        AlwaysRefused.Contains(message.Name) ? [] : [.. Spellings(message), .. Groups(message), .. OwnRules(message)];

    private static IEnumerable<JsonObject> OwnRules(MessageSchema message) => message.Name switch
    {
        nameof(RouteRuleSpec) =>
        [
            .. BesideRedirect(message),
            .. NotSupported(message, nameof(RouteRuleSpec.L4Fault), "faults of TCP connections are not supported"),
            NoLabels(),
        ],
        nameof(IstioService) => [.. OneOf(message, nameof(IstioService.Name), nameof(IstioService.Service)), .. BesideService(message)],
        nameof(MatchCondition) => NotSupported(message, nameof(MatchCondition.Udp), "UDP is not supported"),
        nameof(StringMatch) => [AnyOf(message, "one of `exact`, `prefix` and `regex` is required")],
        nameof(HttpRedirect) => OneOf(message, nameof(HttpRedirect.Uri), nameof(HttpRedirect.Authority)),
        nameof(HttpRewrite) => OneOf(message, nameof(HttpRewrite.Uri), nameof(HttpRewrite.Authority)),
        nameof(FaultDelay) => NotSupported(
            message, nameof(FaultDelay.ExponentialDelay), "exponential delays are not supported; use `{0}`", nameof(FaultDelay.FixedDelay)),
        nameof(FaultAbort) => NotSupported(
            message, nameof(FaultAbort.GrpcStatus), "gRPC faults are not supported; use `{0}`", nameof(FaultAbort.HttpStatus)),
        _ => [],
    };

    /// <summary>Refuses a field that is given in both spellings.</summary>
    private static IEnumerable<JsonObject> Spellings(MessageSchema message) =>
        from field in message.Fields
        where field.SnakeName != field.Name
        select Rule(
            $"!({Has(field.SnakeName)} && {Has(field.Name)})",
            $"`{field.Name}` is the same field as `{field.SnakeName}`, which is given too; keep one of them",
            Forbidden,
            field.Name);

    /// <summary>Refuses fields that exclude each other: each one excludes those before it.</summary>
    private static IEnumerable<JsonObject> Groups(MessageSchema message)
    {
        foreach (var group in message.Fields.Where(f => f.OneOf is not null).GroupBy(f => f.OneOf))
        {
            var before = new List<FieldSchema>();
            foreach (var field in group)
            {
                foreach (var name in before.Count > 0 ? Names(field) : [])
                {
                    var others = string.Join(" or ", before.Select(other => $"`{(name == field.SnakeName ? other.SnakeName : other.Name)}`"));
                    var isAnyGiven = before.Count > 1 ? $"({string.Join(" || ", before.Select(Has))})" : Has(before[0]);
                    yield return Rule(
                        $"!({Has(name)} && {isAnyGiven})", $"`{name}` may not be given together with {others}", Forbidden, name);
                }
                before.Add(field);
            }
        }
    }

    private static IEnumerable<JsonObject> BesideRedirect(MessageSchema spec)
    {
        var redirect = Has(Field(spec, nameof(RouteRuleSpec.Redirect)));
        string[] others =
            [nameof(RouteRuleSpec.Route), nameof(RouteRuleSpec.Rewrite), nameof(RouteRuleSpec.WebsocketUpgrade), nameof(RouteRuleSpec.HttpFault)];
        foreach (var property in others)
        {
            var field = Field(spec, property);
            foreach (var name in Names(field))
            {
                var value = field.Shape == FieldShape.List ? $" && size({Self(name)}) > 0"
                    : field.Kind == FieldKind.Boolean ? $" && {Self(name)}"
                    : "";
                var message = $"`{name}` may not be given together with `redirect`";
                yield return Rule($"!({redirect} && {Has(name)}{value})", message, Forbidden, name);
            }
        }
    }

    private static IEnumerable<JsonObject> BesideService(MessageSchema service)
    {
        var full = Text(Field(service, nameof(IstioService.Service)));
        foreach (var property in (string[])[nameof(IstioService.Name), nameof(IstioService.Namespace), nameof(IstioService.Domain)])
        {
            var field = Field(service, property);
            var message = $"`{field.Name}` may not be given together with `service`, which is a full host name";
            yield return Rule($"!({full} && {Text(field)})", message, Forbidden, field.Name);
        }
    }

    private static JsonObject NoLabels() => Rule(
        "!(has(self.destination) && has(self.destination.labels) && size(self.destination.labels) > 0)",
        "`labels` of the destination: a rule governs a whole service; labels belong to `route` and `match.source`",
        Forbidden,
        "destination.labels");

    /// <summary>Refuses a field that is not supported.</summary>
    /// <param name="message">The message of the field.</param>
    /// <param name="property">The property of the field.</param>
    /// <param name="why">The error message.</param>
    /// <param name="other">The property of the field to use instead, which the message names in the same spelling.</param>
    private static IEnumerable<JsonObject> NotSupported(MessageSchema message, string property, string why, string? other = null)
    {
        var (field, instead) = (Field(message, property), other is null ? null : Field(message, other));
        foreach (var name in Names(field))
        {
            var hint = name == field.SnakeName ? instead?.SnakeName : instead?.Name;
            yield return Rule($"!{Has(name)}", why.Replace("{0}", hint, StringComparison.Ordinal), Forbidden, name);
        }
    }

    /// <summary>Requires one of two strings. An empty string counts as absent.</summary>
    private static IEnumerable<JsonObject> OneOf(MessageSchema message, string one, string other)
    {
        var (first, second) = (Field(message, one), Field(message, other));
        return [Rule($"{Text(first)} || {Text(second)}", $"one of `{first.Name}` and `{second.Name}` is required", Required, null)];
    }

    private static JsonObject AnyOf(MessageSchema message, string why) =>
        Rule(string.Join(" || ", message.Fields.Select(Has)), why, Required, null);

    private static FieldSchema Field(MessageSchema message, string property) =>
        message.Find(char.ToLowerInvariant(property[0]) + property[1..])!;

    private static IEnumerable<string> Names(FieldSchema field) => new[] { field.SnakeName, field.Name }.Distinct(StringComparer.Ordinal);

    private static string Self(string name) => Reserved.Contains(name) ? $"self.__{name}__" : $"self.{name}";

    private static string Has(string name) => $"has({Self(name)})";

    private static string Has(FieldSchema field) =>
        field.SnakeName == field.Name ? Has(field.Name) : $"({string.Join(" || ", Names(field).Select(Has))})";

    private static string Text(FieldSchema field) => $"({Has(field.Name)} && size({Self(field.Name)}) > 0)";

    private static JsonObject Rule(string rule, string message, string reason, string? field)
    {
        var json = new JsonObject { ["rule"] = rule, ["message"] = message.Replace('`', '"'), ["reason"] = reason };
        if (field is not null)
            json["fieldPath"] = "." + field;
        return json;
    }
}
