using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Admission;

public enum AdmissionOperation
{
    Create,
    Update,
    Delete,
    Connect,
}

/// <summary>A group, version and kind, or a group, version and plural name, as the request spells them.</summary>
public sealed record AdmissionType(string Group, string Version, string Name);

/// <summary>The request in an AdmissionReview.</summary>
public sealed record AdmissionRequest
{
    // An object's name has at most 253 characters. Objects of aggregated API servers may have longer names.
    private const int LongestName = 512;

    public required string Uid { get; init; }

    public required AdmissionOperation Operation { get; init; }

    /// <summary>The kind of <see cref="Object"/>, after the API server has converted it to a version that the webhook registered.</summary>
    public required AdmissionType Kind { get; init; }

    public required AdmissionType Resource { get; init; }

    /// <summary>The subresource that is written; empty for the object itself.</summary>
    public string SubResource { get; init; } = "";

    /// <summary>The namespace of the request. The object's own metadata may leave it out.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>The object's name; empty when the API server generates it from <c>generateName</c>.</summary>
    public string Name { get; init; } = "";

    public bool DryRun { get; init; }

    public string UserName { get; init; } = "";

    /// <summary>The object after the change; null on DELETE. It is not valid after the handler has returned.</summary>
    [SuppressMessage("Naming", "CA1720", Justification = "This is the field's name in the AdmissionReview.")]
    public JsonElement? Object { get; init; }

    /// <summary>The object before the change; null on CREATE. It is not valid after the handler has returned.</summary>
    public JsonElement? OldObject { get; init; }

    /// <summary>Reads the <c>request</c> of a review.</summary>
    /// <exception cref="FormatException">The request has a form that no API server sends.</exception>
    internal static AdmissionRequest Read(JsonElement request) => new()
    {
        Uid = Required(request, "uid"),
        Operation = Required(request, "operation") switch
        {
            "CREATE" => AdmissionOperation.Create,
            "UPDATE" => AdmissionOperation.Update,
            "DELETE" => AdmissionOperation.Delete,
            "CONNECT" => AdmissionOperation.Connect,
            var other => throw new FormatException(
                $"request.operation: \"{SafeText.Of(other, 32)}\" is not CREATE, UPDATE, DELETE or CONNECT"),
        },
        Kind = Type(request, "kind", "kind"),
        Resource = Type(request, "resource", "resource"),
        SubResource = Bounded(request, "subResource"),
        Namespace = Bounded(request, "namespace"),
        Name = Bounded(request, "name"),
        DryRun = request.Child("dryRun") is { ValueKind: JsonValueKind.True },
        UserName = request.Child("userInfo")?.Text("username") ?? "",
        Object = ObjectOf(request, "object"),
        OldObject = ObjectOf(request, "oldObject"),
    };

    private static string Required(JsonElement request, string field) =>
        Bounded(request, field) is { Length: > 0 } text ? text : throw new FormatException($"request.{field}: required");

    private static string Bounded(JsonElement request, string field) => request.Text(field) switch
    {
        null => "",
        { Length: > LongestName } text => throw new FormatException(
            $"request.{field}: has {text.Length} characters; at most {LongestName} are allowed"),
        var text => text,
    };

    private static JsonElement? ObjectOf(JsonElement request, string field) =>
        request.Child(field) is not { } child ? null
        : child.ValueKind == JsonValueKind.Object ? child
        : throw new FormatException($"request.{field}: must be a JSON object");

    private static AdmissionType Type(JsonElement request, string field, string name) =>
        request.Child(field) is { } type
            ? new(type.Text("group") ?? "", type.Text("version") ?? "", type.Text(name) ?? "")
            : throw new FormatException($"request.{field}: required");
}
