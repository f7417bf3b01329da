using System.Collections.Immutable;

namespace Turnpike.Api.Ingresses;

/// <summary>What the annotation <see cref="Names.BackendProtocolAnnotation"/> may say.</summary>
public enum BackendProtocol
{
    /// <summary>HTTP/1.1.</summary>
    Http,

    /// <summary>HTTP over TLS.</summary>
    Https,

    /// <summary>HTTP/2 in cleartext, with prior knowledge.</summary>
    H2c,

    /// <summary>The same, as gRPC is served.</summary>
    Grpc,

    /// <summary>HTTP/2 over TLS.</summary>
    Grpcs,
}

/// <summary>What an Ingress says of the way to its backends. All of it is null where nothing is said.</summary>
/// <param name="AuthoritySecret">The Secret of its namespace that holds who signs the certificates of its backends.</param>
/// <param name="ServerName">The name that those certificates are for, in lower case.</param>
public sealed record BackendSettings(BackendProtocol? Protocol, string? AuthoritySecret, string? ServerName)
{
    public static BackendSettings None { get; } = new(null, null, null);

    /// <summary>The protocols as they are written.</summary>
    public static ImmutableArray<string> Protocols { get; } = ["HTTP", "HTTPS", "H2C", "GRPC", "GRPCS"];

    public static BackendSettings Of(IngressObject ingress)
    {
        var annotations = ingress.Metadata.Annotations;
        return new BackendSettings(
            annotations.TryGetValue(Names.BackendProtocolAnnotation, out var protocol) ? ProtocolOf(protocol) : null,
            annotations.GetValueOrDefault(Names.BackendCaAnnotation),
            annotations.GetValueOrDefault(Names.BackendServerNameAnnotation)?.ToLowerInvariant());
    }

    /// <summary>In any case; null for what is none.</summary>
    internal static BackendProtocol? ProtocolOf(string text) => text.ToUpperInvariant() switch
    {
        "HTTP" => BackendProtocol.Http,
        "HTTPS" => BackendProtocol.Https,
        "H2C" => BackendProtocol.H2c,
        "GRPC" => BackendProtocol.Grpc,
        "GRPCS" => BackendProtocol.Grpcs,
        _ => null,
    };
}
