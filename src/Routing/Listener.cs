using System.Collections.Immutable;

namespace Turnpike.Routing;

/// <summary>An entrance at which a proxy accepts connections, and the virtual hosts that serve them.</summary>
public sealed record Listener
{
    /// <summary>The name, which is unique in a table. Proxies, metrics and people know the listener by it.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// The protocol of its connections: one of <see cref="ListenerProtocols"/>, or a protocol that only later builds know. It is text so
    /// that a proxy that cannot serve the listener can say why, and can serve the others.
    /// </summary>
    public required string Protocol { get; init; }

    /// <summary>The port that the proxy listens on. Zero leaves the port to the options of the proxy.</summary>
    public int Port { get; init; }

    /// <summary>The virtual hosts that serve HTTP requests, in cleartext or over TLS. A listener for TCP has none.</summary>
    public VirtualHostSet Hosts { get; init; } = VirtualHostSet.Empty;

    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({Protocol}{(Port == 0 ? "" : $", port {Port}")})";
}

/// <summary>The protocols of listeners that this build knows.</summary>
public static class ListenerProtocols
{
    /// <summary>HTTP in cleartext.</summary>
    public const string Http = "http";

    /// <summary>HTTP over TLS that ends at the proxy.</summary>
    public const string Https = "https";

    /// <summary>Connections whose bytes are passed on unread.</summary>
    public const string Tcp = "tcp";
}

/// <summary>The listeners of an ingress. Their ports are those that the proxy was started with.</summary>
public static class IngressListeners
{
    /// <summary>The name of the listener in cleartext.</summary>
    public const string Http = "http";

    /// <summary>The name of the listener for TLS.</summary>
    public const string Https = "https";

    /// <summary>Both listeners, without a virtual host.</summary>
    public static ImmutableArray<Listener> All { get; } =
    [
        new Listener { Name = Http, Protocol = ListenerProtocols.Http },
        new Listener { Name = Https, Protocol = ListenerProtocols.Https },
    ];

    /// <summary>Both listeners, each with its virtual hosts.</summary>
    /// <param name="http">The virtual hosts that are served in cleartext; null for none.</param>
    /// <param name="https">The virtual hosts that are served over TLS; null for none.</param>
    public static ImmutableArray<Listener> Of(VirtualHostSet? http, VirtualHostSet? https) =>
        [All[0] with { Hosts = http ?? VirtualHostSet.Empty }, All[1] with { Hosts = https ?? VirtualHostSet.Empty }];
}

/// <summary>Checks the rules that the listeners of a table keep, whatever form the table was made from.</summary>
internal static class ListenerRules
{
    private const int LongestName = 253;

    /// <summary>Returns the listeners in the order of their names.</summary>
    /// <exception cref="ArgumentException">A listener breaks a rule. The message names the listener and the rule.</exception>
    public static ImmutableArray<Listener> InOrder(ImmutableArray<Listener> listeners)
    {
        if (listeners.IsDefaultOrEmpty)
            return [];
        foreach (var listener in listeners)
            Check(listener);
        ImmutableArray<Listener> sorted = [.. listeners.OrderBy(l => l.Name, StringComparer.Ordinal)];
        if (TwoWith(sorted, l => l.Name) is var (first, _))
            throw new ArgumentException($"two listeners have the name \"{first.Name}\"; each listener of a table has a name of its own");
        if (TwoWith(sorted.Where(l => l.Port != 0), l => l.Port) is var (one, other))
        {
            throw new ArgumentException(
                $"listeners \"{one.Name}\" and \"{other.Name}\" both have port {one.Port}; each listener of a table has a port of its own");
        }
        return sorted;
    }

    /// <summary>
    /// Returns true when a text can be the name of a listener or of a protocol: lower-case letters, digits, dots and hyphens, as in
    /// Kubernetes. A name has no slash, so that <c>listener/domain</c> can be read in one way only.
    /// </summary>
    public static bool IsName(string? text) =>
        text is { Length: > 0 and <= LongestName }
        && char.IsAsciiLetterOrDigit(text[0])
        && char.IsAsciiLetterOrDigit(text[^1])
        && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.');

    private static void Check(Listener listener)
    {
        const string rule = "at most 253 lower-case letters, digits, dots and hyphens";
        if (!IsName(listener.Name))
            throw new ArgumentException($"\"{listener.Name}\" is not the name of a listener; a name has {rule}");
        var fault = listener switch
        {
            _ when !IsName(listener.Protocol) => $"\"{listener.Protocol}\" is not the name of a protocol; a name has {rule}",
            { Port: < 0 or > ushort.MaxValue } => $"{listener.Port} is not a port; a port is from 1 to 65535, and 0 leaves it to the proxy",
            { Protocol: ListenerProtocols.Tcp, Hosts.All: [var host, ..] } =>
                $"it is for TCP and has the virtual host {host.Domain}; only listeners for HTTP have virtual hosts",
            _ => null,
        };
        if (fault is not null)
            throw new ArgumentException($"listener \"{listener.Name}\": {fault}");
    }

    private static (Listener One, Listener Other)? TwoWith<TKey>(IEnumerable<Listener> listeners, Func<Listener, TKey> key)
    {
        foreach (var same in listeners.GroupBy(key))
        {
            if (same.Skip(1).FirstOrDefault() is { } other)
                return (same.First(), other);
        }
        return null;
    }
}

/// <summary>The wire form of a listener. As a resource of its own it has no hosts, because each of those is a resource, too.</summary>
internal sealed record ListenerDocument
{
    public string? Name { get; init; }

    public string? Protocol { get; init; }

    public int Port { get; init; }

    public ImmutableArray<VirtualHost> Hosts { get; init; }

    public static ListenerDocument WithoutHosts(Listener listener) =>
        new() { Name = listener.Name, Protocol = listener.Protocol, Port = listener.Port };

    public static ListenerDocument Of(Listener listener) => WithoutHosts(listener) with { Hosts = listener.Hosts.All };

    /// <summary>Returns the listener without its hosts. The table that it becomes a part of checks it.</summary>
    public Listener ToListener() => new()
    {
        Name = Name ?? throw new FormatException("a listener has no name"),
        Protocol = Protocol ?? throw new FormatException($"listener \"{Name}\" has no protocol"),
        Port = Port,
    };
}
