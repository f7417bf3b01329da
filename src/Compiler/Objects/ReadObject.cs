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

    /// <summary>All that is wrong with the object; empty where it is valid.</summary>
    public IReadOnlyList<FieldError> Errors { get; }

    /// <summary>What in it has no effect.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>Read leniently, so there even where the object is wrong.</summary>
    public ObjectMeta Metadata { get; private init; } = new();

    /// <summary>Null where something is wrong, and where the object says nothing about routing.</summary>
    internal object? Value { get; }

    /// <summary>Of an Ingress: enough to tell its class and its hosts, however broken the rest of it is.</summary>
    internal IngressObject? Class { get; private init; }

    /// <summary>Of a Secret: what it is as an authority, beside what else it is.</summary>
    internal AuthorityObject? Authority { get; private init; }

    internal static ReadObject Nothing { get; } = new(null, [], []);

    /// <summary>Reads and validates an object of any kind; kinds that say nothing about routing give an empty result.</summary>
    /// <param name="raw">The object.</param>
    /// <param name="profile">Of the installation that it is read for; that of 2017 by default.</param>
    public static ReadObject From(JsonObject raw, Profile? profile = null)
    {
        var read = ObjectReaders.For(raw)?.Invoke(raw, profile ?? Profile.Istio2017) ?? Nothing;
        var kind = raw["kind"] is JsonValue value && value.TryGetValue<string>(out var name) ? name : "";
        return new ReadObject(read.Value, read.Errors, read.Warnings)
        {
            // Tens of thousands of objects are kept: what a valid object says of itself is not kept twice.
            Metadata = MetadataOf(read.Value) ?? ObjectMetaReader.Read(raw["metadata"]),
            Class = kind == Kinds.Ingress ? read.Value as IngressObject ?? IngressReader.ReadClass(raw) : null,
            Authority = kind == Kinds.Secret ? AuthorityReader.Read(raw) : null,
        };
    }

    /// <summary>Reads a Secret as an authority, and nothing else of it.</summary>
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
