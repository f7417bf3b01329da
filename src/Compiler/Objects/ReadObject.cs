using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Api.Core;
using Turnpike.Api.Ingresses;
using Turnpike.Api.RouteRules;
using Turnpike.Reading;

namespace Turnpike.Compiler;

/// <summary>One object as it was read: decoded, validated, and no longer tied to its JSON. Immutable, so caches may share it.</summary>
public sealed class ReadObject
{
    internal ReadObject(object? value, IReadOnlyList<FieldError> errors, IReadOnlyList<string> warnings)
    {
        Value = value;
        Errors = errors;
        Warnings = warnings;
    }

    /// <summary>The errors of the object; empty when it is valid.</summary>
    public IReadOnlyList<FieldError> Errors { get; }

    /// <summary>The warnings about parts of the object that have no effect.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>The metadata. It is read leniently, so that it is known even when the object has errors.</summary>
    public ObjectMeta Metadata { get; private init; } = new();

    /// <summary>The decoded object; null when it has errors, and when it does not concern routing.</summary>
    internal object? Value { get; }

    /// <summary>
    /// For an Ingress, an object with at least its class and its hosts, however many errors the rest has; null for other kinds.
    /// </summary>
    internal IngressObject? Class { get; private init; }

    /// <summary>For a Secret, its content as an authority, in addition to <see cref="Value"/>; null for other kinds.</summary>
    internal AuthorityObject? Authority { get; private init; }

    internal static ReadObject Nothing { get; } = new(null, [], []);

    /// <summary>Reads and validates an object of any kind; kinds that do not concern routing give an empty result.</summary>
    /// <param name="raw">The object.</param>
    /// <param name="profile">The profile of the installation; that of 2017 by default.</param>
    public static ReadObject From(JsonObject raw, Profile? profile = null)
    {
        var read = ObjectReaders.For(raw)?.Invoke(raw, profile ?? Profile.Istio2017) ?? Nothing;
        var kind = raw["kind"] is JsonValue value && value.TryGetValue<string>(out var name) ? name : "";
        return new ReadObject(read.Value, read.Errors, read.Warnings)
        {
            // Tens of thousands of objects are kept, so a valid object shares its metadata with this one.
            Metadata = MetadataOf(read.Value) ?? ObjectMetaReader.Read(raw["metadata"]),
            Class = kind == Kinds.Ingress ? read.Value as IngressObject ?? IngressReader.ReadClass(raw) : null,
            Authority = kind == Kinds.Secret ? AuthorityReader.Read(raw) : null,
        };
    }

    /// <summary>Reads a Secret only as an authority.</summary>
    public static ReadObject FromAuthority(JsonObject raw)
    {
        var authority = AuthorityReader.Read(raw);
        return new ReadObject(null, [], []) { Metadata = authority.Metadata, Authority = authority };
    }

    private static ObjectMeta? MetadataOf(object? value) => value switch
    {
        PodObject pod => pod.Metadata,
        EndpointsObject endpoints => endpoints.Metadata,
        ServiceObject service => service.Metadata,
        IngressObject ingress => ingress.Metadata,
        RouteRule rule => rule.Metadata,
        _ => null,
    };

    internal static ReadObject Of<T>(Decoded<T> decoded)
        where T : class => new(decoded.Value, decoded.Errors, decoded.Warnings);
}
