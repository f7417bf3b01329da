using Turnpike.Api;
using Turnpike.Api.Core;
using Turnpike.Api.Ingresses;
using Turnpike.Routing;

namespace Turnpike.Compiler.Backends;

/// <summary>A port of a service, and how its endpoints are reached.</summary>
/// <param name="Options">
/// The settings of the object that sends requests here. They also hold for the services to which rules send its requests.
/// </param>
internal sealed record Backend(ServiceObject Service, ServicePort Port, BackendOptions Options)
{
    /// <summary>
    /// The protocol of the port. It is computed on each call, because a copy with another port must not keep the protocol of the first one.
    /// </summary>
    public PortProtocol Protocol => PortProtocol.Of(Port, Options.Protocol);

    /// <summary>The clause of a diagnostic that says that the certificate of the backend is not verified.</summary>
    public string NotVerified =>
        $"port {Port.Port} of service \"{Service.Metadata.Name}\" speaks TLS, and nobody verifies its certificate; name a Secret with the certificates of its authority in the Ingress' annotation {Names.BackendCaAnnotation}";
}

/// <summary>The settings that an object gives for all its backends.</summary>
/// <param name="Authority">
/// The <c>namespace/name</c> of the Secret with the authority's certificates; null when certificates are not verified.
/// </param>
/// <param name="ServerName">The server name for TLS; null for the name of each service.</param>
internal sealed record BackendOptions(BackendProtocol? Protocol, string? Authority, string? ServerName)
{
    public static BackendOptions None { get; } = new(null, null, null);

    /// <summary>
    /// The suffix for the name of a list of routes; empty when the settings are the defaults. Ingresses with different settings thereby get
    /// different lists.
    /// </summary>
    public string OfList => Text(Protocol is null or BackendProtocol.Http ? null : Protocol.ToString()!.ToLowerInvariant(), this);

    /// <summary>Returns the suffix for the name of a cluster. Only settings that have an effect at the port count.</summary>
    public string OfCluster(ServicePort port)
    {
        var (now, plain) = (PortProtocol.Of(port, Protocol), PortProtocol.Of(port, null));
        var word = now.Tls == plain.Tls && now.Protocol == plain.Protocol ? null
            : now.Protocol == UpstreamProtocol.Http2 ? (now.Tls ? "grpcs" : "h2c")
            : now.Tls ? "https" : "http";
        return Text(word, now.Tls ? this : None);
    }

    private static string Text(string? protocol, BackendOptions options)
    {
        var text = string.Join(", ", new[]
        {
            protocol,
            options.Authority is null ? null : $"ca {options.Authority}",
            options.ServerName is null ? null : $"name {options.ServerName}",
        }.OfType<string>());
        return text.Length == 0 ? "" : $"[{text}]";
    }
}
