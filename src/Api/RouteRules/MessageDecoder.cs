using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Reading;

namespace Turnpike.Api.RouteRules;

/// <summary>
/// Decodes a message strictly from JSON by its schema (istio-2017.md §1.3 and §1.4). Errors are added to the findings, and the rest of the
/// message is
/// decoded all the same, so that everything is reported at once.
/// </summary>
internal sealed class MessageDecoder(Findings findings)
{
    /// <summary>Decodes one message.</summary>
    /// <param name="schema">The schema of the message.</param>
    /// <param name="json">The message as it was written.</param>
    /// <param name="path">The field path at which the user wrote it.</param>
    /// <param name="model">The path in the model, as validators name it.</param>
    public object Decode(MessageSchema schema, JsonObject json, string path, string model)
    {
        var message = schema.Create();
        if (!JsonText.TryFields(json, out var fields, out var fault))
        {
            findings.AddError(model, FieldError.Invalid(path, null, fault));
            return message;
        }
        var given = new Dictionary<FieldSchema, string>();
        var chosen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, node) in fields)
        {
            findings.NoteSpelling(name);
            var at = FieldPath.Child(path, name);
            if (schema.Find(name) is not { } field)
                findings.AddError(model + ".?", FieldError.Forbidden(at, UnknownField(schema, name)));
            else if (node is null)
                continue;
            else if (!given.TryAdd(field, name))
                findings.AddError(FieldError.Forbidden(at, $"the same field as \"{given[field]}\", which is given too; keep one of them"));
            else if (field.OneOf is { } group && !chosen.TryAdd(group, name))
                findings.AddError(Model(model, field), FieldError.Forbidden(at, $"may not be given together with \"{chosen[group]}\""));
            else if (DecodeField(field, name, node, at, Model(model, field)) is { } value)
                field.Set(message, value);
        }
        return message;
    }

    private static string Model(string message, FieldSchema field) =>
        message.Length == 0 ? field.ModelName : message + "." + field.ModelName;

    private object? DecodeField(FieldSchema field, string name, JsonNode node, string path, string model)
    {
        findings.Record(model, path, node);
        switch (field.Shape)
        {
            case FieldShape.List when node is JsonArray list:
                return field.Collect([.. list.Select((item, i) => KeyValuePair.Create(
                    "", DecodeItem(field, "", item, FieldPath.Item(path, i), FieldPath.Item(model, i))))]);
            case FieldShape.Map when node is JsonObject map:
                return DecodeMap(field, map, path, model);
            case FieldShape.One:
                return DecodeValue(field, name, node, path, model);
            default:
                var wanted = field.Shape == FieldShape.List ? "a list" : "an object";
                var hint = field.Shape == FieldShape.List && node is JsonValue ? $"; write {name}: [{JsonText.Quote(node)}]" : "";
                var detail = $"must be {wanted}, not {JsonText.KindOf(node)}{hint}";
                findings.AddError(model, FieldError.Invalid(path, JsonText.Quote(node), detail));
                return null;
        }
    }

    private object DecodeMap(FieldSchema field, JsonObject map, string path, string model)
    {
        var values = new List<KeyValuePair<string, object>>();
        if (!JsonText.TryFields(map, out var entries, out var fault))
            findings.AddError(model, FieldError.Invalid(path, null, fault));
        foreach (var (key, node) in entries)
            values.Add(KeyValuePair.Create(key, DecodeItem(field, key, node, FieldPath.Key(path, key), $"{model}[{key}]")));
        return field.Collect(values);
    }

    /// <summary>
    /// Decodes an element. One that does not decode is replaced, so that the others keep their places and its key is still checked.
    /// </summary>
    private object DecodeItem(FieldSchema field, string key, JsonNode? node, string path, string model)
    {
        findings.Record(model, path, node);
        return DecodeValue(field, key, node, path, model) ?? (field.Message is null ? "" : field.Message.Create());
    }

    private object? DecodeValue(FieldSchema field, string name, JsonNode? node, string path, string model)
    {
        string? fault = null;
        object? value = field.Kind switch
        {
            FieldKind.String => Scalars.TryString(node, out var text, out fault) ? text : null,
            FieldKind.Boolean => Scalars.TryBoolean(node, out var flag, out fault) ? flag : null,
            FieldKind.Int32 => Scalars.TryInt32(node, out var number, out fault) ? number : null,
            FieldKind.Int64 => Scalars.TryInt64(node, out var number, out fault) ? number : null,
            FieldKind.Double => Scalars.TryDouble(node, out var number, out fault) ? number : null,
            FieldKind.Duration => Scalars.TryDuration(node, out var duration, out fault) ? duration : null,
            FieldKind.Any => JsonText.TryFull(node, out var json) ? new AnyValue(json) : null,
            _ when node is JsonObject message => Decode(field.Message!, message, path, model),
            _ => null,
        };
        if (value is null)
        {
            fault ??= field.Kind == FieldKind.Any ? "must be valid Unicode, and not nested too deeply"
                : $"must be an object, not {JsonText.KindOf(node)}{Shorthand(field, name, node)}";
            findings.AddError(model, FieldError.Invalid(path, JsonText.Quote(node), fault));
        }
        return value;
    }

    /// <summary>Suggests what the user probably meant by a string instead of a message, such as <c>uri: {exact: "/x"}</c>.</summary>
    private static string Shorthand(FieldSchema field, string name, JsonNode? node) =>
        name.Length > 0 && node?.GetValueKind() == JsonValueKind.String
            && Wrap(field.Message!, JsonText.Quote(node), Spells(name)) is { } text
            ? $"; write {FieldPath.Name(name)}: {text}"
            : "";

    private static string? Wrap(MessageSchema message, string value, bool snake)
    {
        var first = message.Fields[0];
        var inner = first switch
        {
            { Shape: FieldShape.One, Kind: FieldKind.String or FieldKind.Duration } => value,
            { Shape: FieldShape.One, Kind: FieldKind.Message, OneOf: not null } => Wrap(first.Message!, value, snake),
            _ => null,
        };
        return inner is null ? null : $"{{{(snake ? first.SnakeName : first.Name)}: {inner}}}";
    }

    private static bool Spells(string name) => name.Contains('_', StringComparison.Ordinal);

    /// <summary>Suggests the field that was probably meant: a similar one of this message, or the same one a level below.</summary>
    private static string UnknownField(MessageSchema schema, string name)
    {
        var names = schema.Fields.Select(f => f.Name);
        var meant = Spelling.Nearest(name, names) ?? OneLevelBelow(schema, name) ?? Spelling.OnlyOneWith(name, names);
        var text = meant is null
            ? "unknown field; the fields here are " + string.Join(", ", schema.Fields.Select(f => $"`{f.Name}`"))
            : $"unknown field; did you mean `{meant}`?";
        return Spells(name) ? Spelling.Render(text, snake: true)
            : name.Any(char.IsAsciiLetterUpper) ? Spelling.Render(text, snake: false)
            : text;
    }

    private static string? OneLevelBelow(MessageSchema schema, string name)
    {
        var paths =
            from field in schema.Fields
            where field.Shape == FieldShape.One && field.Message is not null
            from below in field.Message!.Fields
            where Spelling.Same(below.Name, name)
            select $"{field.Name}.{below.Name}";
        return paths.FirstOrDefault();
    }
}
