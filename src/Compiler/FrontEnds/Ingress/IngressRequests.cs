using System.Collections.Immutable;
using Turnpike.Api;
using Turnpike.Api.Ingresses;
using Turnpike.Compiler.Model;

namespace Turnpike.Compiler.FrontEnds.Ingress;

/// <summary>What the Ingresses of our class ask for.</summary>
internal static class IngressRequests
{
    public static IEnumerable<HostRequest> Of(ClusterSnapshot snapshot) =>
        Ours(snapshot, snapshot.Ingresses).Select(Of).Concat(Ours(snapshot, snapshot.InvalidIngresses).Select(i => Of(i) with { IsServed = false }));

    public static HostRequest Of(IngressObject ingress) => new()
    {
        Subject = Keys.Of(ingress),
        Created = ingress.Metadata.CreationTimestamp,
        Hosts = [.. Named(ingress)],
        AnyHostFields = [.. AnyHostFields(ingress)],
        SharedWith = ingress.Metadata.Annotations.GetValueOrDefault(Names.ShareHostWithAnnotation),
        Paths = [.. ServedPaths.Of(ingress).Select(p => new HostPath(p.Host, p.Path))],
        Certificates = [.. ingress.Tls.Select((tls, i) => new CertificateRequest(IngressPaths.Tls(i), $"{IngressPaths.Tls(i)}.secretName", tls.SecretName, HostsOf(ingress, tls)))],
    };

    private static IEnumerable<IngressObject> Ours(ClusterSnapshot snapshot, ImmutableArray<IngressObject> all) =>
        all.Where(i => IngressClasses.IsOurs(i, snapshot.Mesh, snapshot.IngressClasses));

    /// <summary>Every host that an Ingress names: in its rules and under <c>tls</c>.</summary>
    private static IEnumerable<NamedHost> Named(IngressObject ingress)
    {
        for (var r = 0; r < ingress.Rules.Length; r++)
        {
            if (ingress.Rules[r].Host is { Length: > 0 } host)
                yield return new(host.ToLowerInvariant(), $"spec.rules[{r}].host");
        }
        for (var t = 0; t < ingress.Tls.Length; t++)
        {
            for (var h = 0; h < ingress.Tls[t].Hosts.Length; h++)
            {
                if (ingress.Tls[t].Hosts[h] is { Length: > 0 } host)
                    yield return new(host.ToLowerInvariant(), $"{IngressPaths.Tls(t)}.hosts[{h}]");
            }
        }
    }

    private static IEnumerable<string> AnyHostFields(IngressObject ingress)
    {
        for (var r = 0; r < ingress.Rules.Length; r++)
        {
            if (ingress.Rules[r].Host.Length == 0)
                yield return $"spec.rules[{r}].host";
        }
        // Beside named hosts a default backend has a meaning without the others.
        if (ingress.DefaultBackend is not null && ingress.Rules.All(r => r.Host.Length == 0))
            yield return IngressPaths.DefaultBackend;
    }

    /// <summary>The hosts that an entry of <c>spec.tls</c> is for; none where neither it nor the rules name one.</summary>
    private static ImmutableArray<string> HostsOf(IngressObject ingress, IngressTls tls)
    {
        var hosts = tls.Hosts.Any(h => h.Length > 0) ? tls.Hosts : [.. ingress.Rules.Select(r => r.Host)];
        return [.. hosts.Where(h => h.Length > 0).Select(h => h.ToLowerInvariant()).Distinct()];
    }
}
