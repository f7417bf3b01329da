using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Turnpike.Reading;

namespace Turnpike.Api.Core;

/// <summary>Reads the endpoints of Services: Endpoints objects and EndpointSlices.</summary>
public static class EndpointsReader
{
    /// <summary>Reads Endpoints of <c>v1</c>, with one subset for each of the object's.</summary>
    public static Decoded<EndpointsObject> ReadEndpoints(JsonObject raw)
    {
        var findings = new Findings();
        var top = new ObjectReader(findings, raw);
        top.ExpectType(["v1"], "Endpoints");
        var metadata = ObjectMetaReader.Read(top.Raw("metadata"));
        var subsets = top.Objects("subsets")
            .Select(subset => new EndpointSubset(
                [.. ReadAddresses(subset, "addresses", ready: true), .. ReadAddresses(subset, "notReadyAddresses", ready: false)],
                ReadPorts(subset)))
            .ToImmutableArray();
        return findings.Result(new EndpointsObject(metadata, metadata.Name, FromSlice: false, subsets));
    }

    /// <summary>
    /// Reads an EndpointSlice of <c>discovery.k8s.io/v1</c> or <c>v1beta1</c> as one subset. A slice that holds host names instead of
    /// addresses has
    /// no endpoints.
    /// </summary>
    public static Decoded<EndpointsObject> ReadSlice(JsonObject raw)
    {
        var findings = new Findings();
        var top = new ObjectReader(findings, raw);
        top.ExpectType(["discovery.k8s.io/v1", "discovery.k8s.io/v1beta1"], "EndpointSlice");
        var metadata = ObjectMetaReader.Read(top.Raw("metadata"));
        var service = metadata.Labels.GetValueOrDefault(Names.EndpointSliceServiceLabel, "");
        if (service.Length == 0)
            findings.Warn("metadata.labels", $"the label {Names.EndpointSliceServiceLabel} is absent, so the slice belongs to no service");
        var usable = top.String("addressType") is null or "IPv4" or "IPv6";
        if (!usable)
            top.Warn("addressType", "only slices of IPv4 and IPv6 addresses are used");
        var addresses = top.Objects("endpoints").Select(ReadEndpoint).OfType<EndpointAddress>().ToImmutableArray();
        ImmutableArray<EndpointSubset> subsets = usable ? [new EndpointSubset(addresses, ReadPorts(top))] : [];
        return findings.Result(new EndpointsObject(metadata, service, FromSlice: true, subsets));
    }

    private static IEnumerable<EndpointAddress> ReadAddresses(ObjectReader subset, string name, bool ready) =>
        subset.Objects(name)
            .Select(address => (Ip: address.String("ip"), PodName: ReadPodName(address)))
            .Where(address => !string.IsNullOrEmpty(address.Ip))
            .Select(address => new EndpointAddress(address.Ip!, address.PodName, ready));

    /// <summary>Reads one endpoint. By the API's definition its addresses are interchangeable, and clients use the first.</summary>
    private static EndpointAddress? ReadEndpoint(ObjectReader endpoint)
    {
        var addresses = endpoint.Strings("addresses");
        var pod = ReadPodName(endpoint);
        var conditions = endpoint.Object("conditions");
        // "ready" decides, even for a pod that terminates but is to be published nevertheless. If it is unknown, the endpoint is ready
        // unless
        // one of the two other conditions rules it out.
        var ready = conditions?.Boolean("ready")
            ?? (conditions?.Boolean("serving") != false && conditions?.Boolean("terminating") != true);
        return addresses is [{ Length: > 0 } first, ..] ? new EndpointAddress(first, pod, ready) : null;
    }

    private static string? ReadPodName(ObjectReader owner) =>
        owner.Object("targetRef") is { } target && target.String("kind") == "Pod" ? target.String("name") : null;

    private static ImmutableSortedDictionary<string, int> ReadPorts(ObjectReader owner)
    {
        var ports = ImmutableSortedDictionary.CreateBuilder<string, int>(StringComparer.Ordinal);
        foreach (var port in owner.Objects("ports"))
        {
            // A slice's port without a number stands for every port, so it names none to connect to.
            if (port.Port("port") is { } number)
                ports[port.String("name") ?? ""] = number;
        }
        return ports.ToImmutable();
    }
}
