using System.Net;
using System.Net.Sockets;

namespace Turnpike.Hosting.Serving;

/// <summary>
/// What counts as one peer for the limits of a port: an IPv4 address, or the leading 64 bits of an IPv6 address, because the owner of one
/// address in such a network commonly has all of them.
/// </summary>
public readonly record struct PeerAddress
{
    private const int NetworkBytes = 8;
    private readonly IPAddress? _network;

    private PeerAddress(IPAddress network) => _network = network;

    /// <param name="address">The address; null when the transport has none, which makes all such connections one peer.</param>
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
    public override string ToString() =>
        _network is null ? "local"
        : _network.AddressFamily == AddressFamily.InterNetworkV6 ? $"{_network}/64"
        : _network.ToString();
}
