using System.Collections.Immutable;
using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>
/// A socket that the engine accepts connections on, and the listener of the table that they are for. It is made once, when the proxy
/// starts, and each connection carries it, so that a request finds its virtual hosts by a number.
/// </summary>
/// <param name="Index">The place in <see cref="ListenerBindings.All"/>.</param>
/// <param name="Name">The name of the listener.</param>
/// <param name="Protocol">The protocol that the engine speaks here, one of <see cref="ListenerProtocols"/>.</param>
/// <param name="Port">The port that was asked for. Zero is any free one.</param>
internal sealed record ListenerBinding(int Index, string Name, string Protocol, int Port)
{
    /// <summary>The scheme of the requests that arrive here.</summary>
    public string Scheme { get; } = Protocol == ListenerProtocols.Https ? "https" : "http";

    /// <summary>Returns why a listener of the table with this name cannot be served here; null when it can.</summary>
    public string? Obstacle(Listener listener)
    {
        if (listener.Protocol != Protocol)
            return $"its protocol is {listener.Protocol}, and this proxy speaks {Protocol} there";
        return listener.Port == 0 || listener.Port == Port
            ? null
            : $"its port is {listener.Port}, and this proxy listens on port {Port} for it";
    }
}

/// <summary>A listener of the table that this proxy does not serve.</summary>
internal readonly record struct UnservedListener(string Name, string Reason);

/// <summary>All sockets of a proxy.</summary>
internal sealed class ListenerBindings
{
    /// <exception cref="ArgumentException">Two sockets have the same name or port.</exception>
    public ListenerBindings(params ReadOnlySpan<(string Name, string Protocol, int Port)> sockets)
    {
        var all = ImmutableArray.CreateBuilder<ListenerBinding>(sockets.Length);
        foreach (var (name, protocol, port) in sockets)
        {
            if (all.Any(b => b.Name == name || (port != 0 && b.Port == port)))
                throw new ArgumentException($"the name or the port of listener {name} (port {port}) is there twice", nameof(sockets));
            all.Add(new ListenerBinding(all.Count, name, protocol, port));
        }
        All = all.MoveToImmutable();
        Secure = All.FirstOrDefault(b => b.Protocol == ListenerProtocols.Https);
    }

    public ImmutableArray<ListenerBinding> All { get; }

    /// <summary>The listener to which clients are redirected for TLS; null when the proxy has none.</summary>
    public ListenerBinding? Secure { get; }

    public ListenerBinding this[string name] => All.First(b => b.Name == name);

    /// <summary>
    /// Returns the virtual hosts of each binding. A binding has none where the table has no listener for it. A listener that cannot be
    /// served as the table wants it is not served at all, because content for TLS only must not be served in cleartext.
    /// </summary>
    public (VirtualHostSet[] Hosts, ImmutableArray<UnservedListener> Unserved) Resolve(RouteTable table)
    {
        var hosts = new VirtualHostSet[All.Length];
        Array.Fill(hosts, VirtualHostSet.Empty);
        var unserved = ImmutableArray.CreateBuilder<UnservedListener>();
        foreach (var listener in table.Listeners)
        {
            var binding = All.FirstOrDefault(b => b.Name == listener.Name);
            if ((binding is null ? "this proxy has no port for it" : binding.Obstacle(listener)) is { } reason)
                unserved.Add(new UnservedListener(listener.Name, reason));
            else
                hosts[binding!.Index] = listener.Hosts;
        }
        return (hosts, unserved.ToImmutable());
    }
}
