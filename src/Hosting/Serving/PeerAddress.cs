using System.Net;
using System.Net.Sockets;

namespace Turnpike.Hosting.Serving;

/// <summary>
/// Whom the limits of a port take for one peer: an IPv4 address, or the 64 leading bits of an IPv6 address, because whoever has one address
/// of such a network commonly has them all.
/// </summary>
public readonly record struct PeerAddress
{
    private const int NetworkBytes = 8;
    private readonly IPAddress? _network;

    private PeerAddress(IPAddress network) => _network = network;

    /// <param name="address">Null where the transport has no addresses: all of those are one peer.</param>
    public static PeerAddress Of(IPAddress? address)
    {
        if (address is null)
            return default;
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return new(address);
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(NetworkBytes).Clear();
        return new(new IPAddress(bytes));
    }

    public static PeerAddress Of(EndPoint? endpoint) => Of((endpoint as IPEndPoint)?.Address);

    /// <inheritdoc/>
    public override string ToString() => _network is null ? "local" : _network.AddressFamily == AddressFamily.InterNetworkV6 ? $"{_network}/64" : _network.ToString();
}
