using System.Collections.Immutable;
using System.Net;
using Turnpike.Pipeline.Metrics;
using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>A table, and what the proxy derives from it. A request takes the current state once and keeps it to its end.</summary>
internal sealed class TableState
{
    private readonly VirtualHostSet[] _hosts;
    private readonly Dictionary<string, ClusterState> _clusters;
    private readonly IPNetwork[] _trusted;

    private TableState(RouteTable table, ListenerBindings listeners, Dictionary<string, ClusterState> clusters, IPNetwork[] trusted)
    {
        Table = table;
        (_hosts, Unserved) = listeners.Resolve(table);
        BodyIdlePolicy = new(table.Settings.EffectiveBodyIdleTimeout ?? Timeout.InfiniteTimeSpan);
        _clusters = clusters;
        _trusted = trusted;
    }

    public RouteTable Table { get; }

    /// <summary>The limit on the time that a client may keep a body waiting.</summary>
    public BodyIdlePolicy BodyIdlePolicy { get; }

    /// <summary>The listeners of the table that this proxy cannot serve. The others are served.</summary>
    public ImmutableArray<UnservedListener> Unserved { get; }

    /// <param name="table">The new table.</param>
    /// <param name="listeners">The sockets of the proxy.</param>
    /// <param name="previous">The state until now, or null. Clusters that stay keep their ejections, limits and turns.</param>
    /// <exception cref="FormatException">A trusted network is not in CIDR notation.</exception>
    public static TableState Create(RouteTable table, ListenerBindings listeners, TableState? previous)
    {
        var clusters = new Dictionary<string, ClusterState>(table.Clusters.All.Length, StringComparer.Ordinal);
        foreach (var cluster in table.Clusters.All)
            clusters.Add(cluster.Name, ClusterState.Create(cluster, previous?._clusters.GetValueOrDefault(cluster.Name), table.Settings.Limits));
        return new TableState(table, listeners, clusters, [.. table.Settings.TrustedCidrs.Select(ParseNetwork)]);
    }

    /// <summary>The counters of the routes of this table.</summary>
    public RouteCounters Counters { get; } = new();

    public int EjectedEndpoints => _clusters.Values.Sum(c => c.EjectedCount);

    /// <summary>Returns the virtual hosts that serve the requests of a socket.</summary>
    public VirtualHostSet HostsOf(ListenerBinding listener) => _hosts[listener.Index];

    public ClusterState? FindCluster(string name) => _clusters.GetValueOrDefault(name);

    /// <summary>Whether the headers in which this peer describes the client are believed.</summary>
    public bool Trusts(IPAddress? peer)
    {
        foreach (var network in _trusted)
        {
            if (peer is not null && network.Contains(peer))
                return true;
        }
        return false;
    }

    private static IPNetwork ParseNetwork(string cidr)
    {
        if (IPNetwork.TryParse(cidr, out var network))
            return network;
        return IPAddress.TryParse(cidr, out var address)
            ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
            : throw new FormatException($"trusted network '{cidr}' is not in CIDR notation");
    }
}
