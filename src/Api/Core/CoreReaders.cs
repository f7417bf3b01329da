using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Turnpike.Reading;

namespace Turnpike.Api.Core;

/// <summary>
/// Readers of the small Kubernetes kinds. Kind and apiVersion are checked if they are present; the items of lists do not have them.
/// </summary>
public static class CoreReaders
{
    public static Decoded<ServiceObject> ReadService(JsonObject raw)
    {
        var findings = new Findings();
        var top = Open(findings, raw, "v1", "Service");
        var spec = top.Object("spec");
        var metadata = ObjectMetaReader.Read(top.Raw("metadata"));
        WarnOfLoadBalancing(findings, metadata);
        return findings.Result(new ServiceObject(
            metadata,
            spec?.String("type") ?? "ClusterIP",
            [.. (spec?.Objects("ports") ?? []).Select(ReadServicePort)])
        {
            ClusterIps = [.. ReadClusterIps(spec)],
        });
    }

    public static Decoded<PodObject> ReadPod(JsonObject raw)
    {
        var findings = new Findings();
        var top = Open(findings, raw, "v1", "Pod");
        var status = top.Object("status");
        var ips = (status?.Objects("podIPs") ?? []).Select(ip => ip.String("ip")).OfType<string>().ToImmutableArray();
        // Clusters without dual stack have the single address only.
        if (ips.IsEmpty && status?.String("podIP") is { Length: > 0 } single)
            ips = [single];
        // Another pod, of any namespace, may have these addresses by now.
        if (status?.String("phase") is "Succeeded" or "Failed")
            ips = [];
        var ready = ReadReadyContainers(top.Object("spec"), status).ToImmutableArray();
        return findings.Result(new PodObject(ObjectMetaReader.Read(top.Raw("metadata")), ips) { ReadyContainers = ready });
    }

    private static IEnumerable<ReadyContainer> ReadReadyContainers(ObjectReader? spec, ObjectReader? status)
    {
        var conditions = status?.Objects("conditions") ?? [];
        if (spec is null || !conditions.Any(condition => condition.String("type") == "Ready" && condition.String("status") == "True"))
            return [];
        return spec.Objects("containers")
            .Concat(spec.Objects("initContainers").Where(container => container.String("restartPolicy") == "Always"))
            .Select(container => new ReadyContainer(container.String("name") ?? "", container.String("image") ?? ""));
    }

    public static Decoded<NamespaceObject> ReadNamespace(JsonObject raw)
    {
        var findings = new Findings();
        var top = Open(findings, raw, "v1", "Namespace");
        return findings.Result(new NamespaceObject(ObjectMetaReader.Read(top.Raw("metadata"))));
    }

    /// <summary>
    /// Reads an IngressClass of <c>networking.k8s.io/v1</c> or <c>v1beta1</c>, which do not differ in the fields that are read.
    /// </summary>
    public static Decoded<IngressClassObject> ReadIngressClass(JsonObject raw)
    {
        var findings = new Findings();
        var top = new ObjectReader(findings, raw);
        top.ExpectType(["networking.k8s.io/v1", "networking.k8s.io/v1beta1"], "IngressClass");
        var metadata = ObjectMetaReader.Read(top.Raw("metadata"));
        return findings.Result(new IngressClassObject(
            metadata,
            top.Object("spec")?.String("controller") ?? "",
            metadata.Annotations.GetValueOrDefault(Names.IngressClassDefaultAnnotation) == "true"));
    }

    /// <summary>
    /// Warns of an unknown policy. It is not an error, because a misspelt annotation of a Service must not stop its traffic.
    /// </summary>
    private static void WarnOfLoadBalancing(Findings findings, ObjectMeta metadata)
    {
        if (!metadata.Annotations.TryGetValue(Names.LoadBalancingAnnotation, out var value) || Names.LoadBalancingPolicies.Contains(value))
            return;
        var supported = string.Join(", ", Names.LoadBalancingPolicies.Select(p => $"\"{p}\""));
        findings.Warn(
            FieldPath.Key("metadata.annotations", Names.LoadBalancingAnnotation),
            $"{JsonText.Quote(value)} has no effect: supported values are {supported}; \"{Names.RoundRobin}\" is used");
    }

    private static ObjectReader Open(Findings findings, JsonObject raw, string apiVersion, string kind)
    {
        var top = new ObjectReader(findings, raw);
        top.ExpectType([apiVersion], kind);
        return top;
    }

    private static IEnumerable<string> ReadClusterIps(ObjectReader? spec)
    {
        if (spec is null)
            return [];
        var ips = spec.Strings("clusterIPs");
        // Clusters without dual stack have the single address only.
        return (ips.IsEmpty && spec.String("clusterIP") is { } single ? [single] : ips).Where(ip => ip is not ("" or "None"));
    }

    private static ServicePort ReadServicePort(ObjectReader port)
    {
        if (!port.Has("port"))
            port.AddError(FieldError.Required(port.PathOf("port"), "the port of the service"));
        return new ServicePort(
            port.String("name") ?? "",
            port.Port("port") ?? 0,
            port.String("appProtocol"),
            port.String("protocol") ?? "TCP");
    }
}
