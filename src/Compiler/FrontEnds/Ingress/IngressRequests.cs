using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Turnpike.Api;
using Turnpike.Api.Ingresses;
using Turnpike.Api.Mesh;
using Turnpike.Compiler.Incremental;
using Turnpike.Compiler.Model;

namespace Turnpike.Compiler.FrontEnds.Ingress;

/// <summary>Collects the requests of the Ingresses of our class.</summary>
internal static class IngressRequests
{
    // Admission and each compilation read all Ingresses again, and almost all of them are the same objects as before.
    private static readonly ConditionalWeakTable<IngressObject, Facts> Known = [];

    public static IEnumerable<HostRequest> Of(ClusterSnapshot snapshot) =>
        Ours(snapshot, snapshot.Ingresses).Select(Of).Concat(Ours(snapshot, snapshot.InvalidIngresses).Select(i => Of(i) with { IsServed = false }));

    /// <summary>Returns the request of an Ingress. The same object always gives the same request.</summary>
    public static HostRequest Of(IngressObject ingress) => Known.GetValue(ingress, static i => new Facts(Read(i))).Request;

    /// <summary>Returns true when an Ingress is of our class.</summary>
    public static bool IsOurs(IngressObject ingress, ClusterSnapshot snapshot)
    {
        var facts = Known.GetValue(ingress, static i => new Facts(Read(i)));
        var (mesh, classes) = (snapshot.Mesh, Identity.Of(snapshot.IngressClasses));
        if (facts.Decision is not { } known || !ReferenceEquals(known.Mesh, mesh) || !ReferenceEquals(known.Classes, classes))
            facts.Decision = known = new Decision(mesh, classes, IngressClasses.IsOurs(ingress, snapshot.Mesh, snapshot.IngressClasses));
        return known.IsOurs;
    }

    private static HostRequest Read(IngressObject ingress) => new()
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
        all.Where(i => IsOurs(i, snapshot));

    /// <summary>Returns every host that an Ingress names, in its rules and under <c>tls</c>.</summary>
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
        // A default backend beside named hosts has a meaning without any other host.
        if (ingress.DefaultBackend is not null && ingress.Rules.All(r => r.Host.Length == 0))
            yield return IngressPaths.DefaultBackend;
    }

    /// <summary>Returns the hosts that an entry of <c>spec.tls</c> is for; none when neither the entry nor the rules name one.</summary>
    private static ImmutableArray<string> HostsOf(IngressObject ingress, IngressTls tls)
    {
        var hosts = tls.Hosts.Any(h => h.Length > 0) ? tls.Hosts : [.. ingress.Rules.Select(r => r.Host)];
        return [.. hosts.Where(h => h.Length > 0).Select(h => h.ToLowerInvariant()).Distinct()];
    }

    private sealed class Facts(HostRequest request)
    {
        public HostRequest Request => request;

        /// <summary>The value is replaced as a whole, since several threads may read it.</summary>
        public Decision? Decision { get; set; }
    }

    private sealed class Decision(MeshConfig mesh, object classes, bool isOurs)
    {
        public MeshConfig Mesh => mesh;

        public object Classes => classes;

        public bool IsOurs => isOurs;
    }
}
