using System.Collections.Immutable;

namespace Turnpike.Api.Ingresses;

/// <summary>The values of the annotation <see cref="Names.BackendProtocolAnnotation"/>.</summary>
public enum BackendProtocol
{
    /// <summary>HTTP/1.1.</summary>
    Http,

    /// <summary>HTTP over TLS.</summary>
    Https,

    /// <summary>HTTP/2 in cleartext, with prior knowledge.</summary>
    H2c,

    /// <summary>HTTP/2 in cleartext, for gRPC.</summary>
    Grpc,

    /// <summary>HTTP/2 over TLS.</summary>
    Grpcs,
}

/// <summary>The settings of an Ingress for connections to its backends. Each is null if the Ingress does not set it.</summary>
/// <param name="Protocol">The protocol that the backends speak.</param>
/// <param name="AuthoritySecret">The Secret of its namespace with the authority that signs the certificates of its backends.</param>
/// <param name="ServerName">The name for which those certificates are issued, in lower case.</param>
public sealed record BackendSettings(BackendProtocol? Protocol, string? AuthoritySecret, string? ServerName)
{
    public static BackendSettings None { get; } = new(null, null, null);

    /// <summary>The protocols as users write them.</summary>
    public static ImmutableArray<string> Protocols { get; } = ["HTTP", "HTTPS", "H2C", "GRPC", "GRPCS"];

    public static BackendSettings Of(IngressObject ingress)
    {
        var annotations = ingress.Metadata.Annotations;
        return new BackendSettings(
            annotations.TryGetValue(Names.BackendProtocolAnnotation, out var protocol) ? ProtocolOf(protocol) : null,
            annotations.GetValueOrDefault(Names.BackendCaAnnotation),
            annotations.GetValueOrDefault(Names.BackendServerNameAnnotation)?.ToLowerInvariant());
    }

    /// <summary>Returns the protocol, whose case does not matter; null if there is none of that name.</summary>
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
