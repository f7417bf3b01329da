using Turnpike.Api.Core;
using Turnpike.Api.Ingresses;
using Turnpike.Reading;
using Turnpike.Routing;

namespace Turnpike.Compiler.Backends;

/// <summary>The protocol that is spoken to the endpoints of a Service port.</summary>
/// <param name="Ignored">The clause of a diagnostic that says how the port contradicts the Ingress; null when it does not.</param>
/// <param name="Unknown">The port's <c>appProtocol</c> when it is not a known one; null otherwise.</param>
internal readonly record struct PortProtocol(UpstreamProtocol Protocol, bool Tls, string? Ignored, string? Unknown)
{
    /// <summary>A source that says nothing. If no source does, the port speaks HTTP/1.1, since an Ingress can only mean HTTP.</summary>
    private static readonly Statement Silent = new(null, null);

    public static bool IsTcp(ServicePort port) => port.Transport is "TCP" or "";

    /// <summary>
    /// Returns the protocol of a port. HTTP/2 and TLS are decided separately, each by the first of these that says something about it:
    /// <c>appProtocol</c>, the name of the port up to its first dash as in 2017, and the Ingress.
    /// </summary>
    /// <param name="port">A TCP port.</param>
    /// <param name="asked">The protocol that the Ingress asks for; null when it asks for none.</param>
    public static PortProtocol Of(ServicePort port, BackendProtocol? asked)
    {
        var app = port.AppProtocol is { Length: > 0 } text ? OfAppProtocol(text) : Silent;
        var name = OfName(port.Name);
        var ingress = asked is { } protocol ? Of(protocol) : Silent;
        var http2 = app?.Http2 ?? name.Http2;
        var tls = app?.Tls ?? name.Tls;
        var ignored = Contradicts(ingress.Http2, http2) || Contradicts(ingress.Tls, tls)
            ? $"port {port.Port} says otherwise by its {(Contradicts(ingress.Http2, app?.Http2) || Contradicts(ingress.Tls, app?.Tls) ? $"appProtocol {FieldError.Quote(port.AppProtocol!)}" : $"name {FieldError.Quote(port.Name)}")}"
            : null;
        return new PortProtocol(
            http2 ?? ingress.Http2 ?? false ? UpstreamProtocol.Http2 : UpstreamProtocol.Http1, tls ?? ingress.Tls ?? false, ignored, app is null ? port.AppProtocol : null);
    }

    private static bool Contradicts(bool? one, bool? other) => one is { } x && other is { } y && x != y;

    /// <summary>Returns null when the <c>appProtocol</c> is not known.</summary>
    private static Statement? OfAppProtocol(string text) => text.ToLowerInvariant() switch
    {
        "http" or "kubernetes.io/ws" => new Statement(false, false),
        "https" => new Statement(null, true),
        "kubernetes.io/wss" => new Statement(false, true),
        "h2c" or "kubernetes.io/h2c" => new Statement(true, false),
        "http2" or "grpc" => new Statement(true, null),
        _ => null,
    };

    private static Statement OfName(string name)
    {
        var dash = name.IndexOf('-', StringComparison.Ordinal);
        return (dash < 0 ? name : name[..dash]).ToLowerInvariant() switch
        {
            "http2" or "grpc" => new Statement(true, null),
            "https" => new Statement(null, true),
            _ => Silent,
        };
    }

    private static Statement Of(BackendProtocol protocol) => protocol switch
    {
        BackendProtocol.Https => new Statement(null, true),
        BackendProtocol.H2c or BackendProtocol.Grpc => new Statement(true, false),
        BackendProtocol.Grpcs => new Statement(true, true),
        _ => new Statement(false, false),
    };

    /// <summary>Whether a source asks for HTTP/2 and for TLS. Each is null when the source says nothing about it.</summary>
    private sealed record Statement(bool? Http2, bool? Tls);
}
