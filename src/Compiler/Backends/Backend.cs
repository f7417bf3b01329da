using Turnpike.Api;
using Turnpike.Api.Core;
using Turnpike.Api.Ingresses;
using Turnpike.Routing;

namespace Turnpike.Compiler.Backends;

/// <summary>A port of a service, with what is known of the way there.</summary>
/// <param name="Options">What the object that leads there says of its backends. It holds for the services that rules send its requests to as well.</param>
internal sealed record Backend(ServiceObject Service, ServicePort Port, BackendOptions Options)
{
    /// <summary>Computed each time: a copy with another port must not keep what the first one says.</summary>
    public PortProtocol Protocol => PortProtocol.Of(Port, Options.Protocol);

    /// <summary>Says that the certificate of the backend is not verified.</summary>
    public string NotVerified =>
        $"port {Port.Port} of service \"{Service.Metadata.Name}\" speaks TLS, and nobody verifies its certificate; name a Secret with the certificates of its authority in the Ingress' annotation {Names.BackendCaAnnotation}";
}

/// <summary>What an object says of its backends, wherever they are.</summary>
/// <param name="Authority"><c>namespace/name</c> of the Secret; null where certificates are not verified.</param>
/// <param name="ServerName">Null for the name of each service.</param>
internal sealed record BackendOptions(BackendProtocol? Protocol, string? Authority, string? ServerName)
{
    public static BackendOptions None { get; } = new(null, null, null);

    /// <summary>What the name of a list of routes has more than that of Ingresses that say nothing, or nothing but what goes without saying.</summary>
    public string OfList => Text(Protocol is null or BackendProtocol.Http ? null : Protocol.ToString()!.ToLowerInvariant(), this);

    /// <summary>The same for a cluster, of which only what holds at its port counts.</summary>
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
