using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Turnpike.Api;
using Turnpike.Api.Core;
using Turnpike.Api.Mesh;
using Turnpike.Reading;

namespace Turnpike.Compiler.Backends;

/// <summary>
/// Decides to which endpoint addresses requests may be sent. Without it, anyone who may write Endpoints in a namespace could make the proxy
/// call addresses that it can reach and they cannot: its own machine, metadata services, pods of other namespaces. A label that names the
/// writer of a slice can be forged; the address in the status of a pod cannot.
/// </summary>
internal sealed class EndpointPolicy
{
    private const int Listed = 4;

    /// <summary>The networks that never hold an endpoint: this host, its link, metadata services of clouds, multicast, broadcast.</summary>
    private static readonly ImmutableArray<IPNetwork> Unsafe =
    [
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("224.0.0.0/3"),
        IPNetwork.Parse("100.100.100.200/32"), IPNetwork.Parse("168.63.129.16/32"),
        IPNetwork.Parse("::/127"), IPNetwork.Parse("fe80::/10"), IPNetwork.Parse("ff00::/8"), IPNetwork.Parse("fd00:ec2::254/128"), IPNetwork.Parse("64:ff9b::/96"),
    ];

    private readonly EndpointAddresses _mode;
    private readonly Lazy<HashSet<string>> _clusterIps;

    public EndpointPolicy(ClusterSnapshot snapshot)
    {
        _mode = snapshot.Mesh.EndpointAddresses ?? snapshot.DefaultEndpointAddresses;
        _clusterIps = new(() => [.. snapshot.Services.SelectMany(s => s.ClusterIps).Select(ip => Canonical(ip) ?? "")], isThreadSafe: false);
    }

    /// <summary>Whether the policy needs the addresses of pods.</summary>
    public bool NeedsPods => _mode == EndpointAddresses.Pods;

    /// <summary>Returns true when requests may be sent to an address for a service.</summary>
    public bool Admits(ServiceObject service, string address, PodIndex pods) =>
        _mode == EndpointAddresses.Any
        || (Canonical(address) is { } ip && IsSafe(ip) && (_mode == EndpointAddresses.Safe || pods.Has(service.Metadata.Namespace, ip)));

    /// <summary>Returns the diagnostic that names the addresses of a service that are left out, and the reason.</summary>
    public Diagnostic Report(ServiceObject service, IReadOnlyCollection<string> addresses)
    {
        var names = string.Join(", ", addresses.Take(Listed).Select(Printable));
        if (addresses.Count > Listed)
            names += string.Create(CultureInfo.InvariantCulture, $" and {addresses.Count - Listed} more");
        var why = _mode == EndpointAddresses.Pods
            ? $"not of a pod of namespace {service.Metadata.Namespace}"
            : "of this host, its link, a metadata service, a service or a group, or no IP address";
        var setting = _mode == EndpointAddresses.Pods ? "pods" : "safe";
        return new Diagnostic(
            new ObjectKey(Kinds.Service, service.Metadata.Namespace, service.Metadata.Name),
            DiagnosticSeverity.Warning,
            DiagnosticReasons.EndpointNotPermitted,
            $"endpoints: left out, because they are {why}: {names}; the mesh setting endpointAddresses ({setting}) says which are used");
    }

    private bool IsSafe(string ip)
    {
        var address = IPAddress.Parse(ip);
        return !Unsafe.Any(network => network.Contains(address)) && !_clusterIps.Value.Contains(ip);
    }

    /// <summary>
    /// Returns the canonical form of an address, in which an IPv4 address that is written as IPv6 becomes IPv4; null when the text is no
    /// address.
    /// </summary>
    public static string? Canonical(string text)
    {
        // IPAddress.TryParse also accepts 127.1, 0x7f000001 and zones, which no API object holds.
        if (text.Contains('%', StringComparison.Ordinal) || !IPAddress.TryParse(text, out var address))
            return null;
        if (!text.Contains(':', StringComparison.Ordinal))
            return address.ToString() == text ? text : null;
        return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }

    private static string Printable(string address) => address.Length <= 64 && !address.Any(char.IsControl) ? address : "an address that cannot be printed";
}
