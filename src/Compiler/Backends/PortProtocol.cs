using Turnpike.Api.Core;
using Turnpike.Api.Ingresses;
using Turnpike.Reading;
using Turnpike.Routing;

namespace Turnpike.Compiler.Backends;

/// <summary>What is spoken to the endpoints of a Service port.</summary>
/// <param name="Ignored">What the Ingress says of it that the port contradicts, as a clause for a diagnostic; null where it says nothing of that kind.</param>
/// <param name="Unknown">The port's <c>appProtocol</c>, where it is none that is known here.</param>
internal readonly record struct PortProtocol(UpstreamProtocol Protocol, bool Tls, string? Ignored, string? Unknown)
{
    /// <summary>An Ingress can only mean HTTP, so what does not say anything else speaks HTTP/1.1.</summary>
    private static readonly Statement Silent = new(null, null);

    public static bool IsTcp(ServicePort port) => port.Transport is "TCP" or "";

    /// <summary>
    /// Whether it is HTTP/2, and whether there is TLS: each is taken from the first that says so of <c>appProtocol</c>, the name of the port up to its first
    /// dash as in 2017, and the Ingress.
    /// </summary>
    /// <param name="port">A port of TCP.</param>
    /// <param name="asked">What the Ingress says.</param>
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

    /// <summary>Null for what is not known.</summary>
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

    /// <summary>Null where nothing is said.</summary>
    private sealed record Statement(bool? Http2, bool? Tls);
}
