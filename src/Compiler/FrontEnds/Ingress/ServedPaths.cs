using Turnpike.Api.Ingresses;
using Turnpike.Routing;

namespace Turnpike.Compiler.FrontEnds.Ingress;

/// <summary>One path of one host that an Ingress asks for.</summary>
/// <param name="Host">In lower case; empty for any host.</param>
/// <param name="Field">Where it stands.</param>
internal readonly record struct ServedPath(string Host, PathMatch Path, RouteOrigin Origin, IngressBackend Backend, string Field);

/// <summary>What an Ingress asks for, in the order in which it is given out.</summary>
internal static class ServedPaths
{
    /// <summary>The default backend is for requests of the Ingress's own hosts that none of its paths takes, and for hosts that nobody else has.</summary>
    public static IEnumerable<ServedPath> Of(IngressObject ingress)
    {
        var name = ingress.Metadata.ToString();
        for (var r = 0; r < ingress.Rules.Length; r++)
        {
            var rule = ingress.Rules[r];
            for (var p = 0; p < rule.Paths.Length; p++)
            {
                var path = rule.Paths[p];
                yield return new ServedPath(rule.Host.ToLowerInvariant(), PathForms.Of(path), new RouteOrigin(name, r + 1, p + 1), path.Backend, IngressPaths.FieldPath(r, p));
            }
        }
        if (ingress.DefaultBackend is not { } backend)
            yield break;
        foreach (var host in ingress.Rules.Select(r => r.Host.ToLowerInvariant()).Append("").Distinct())
            yield return new ServedPath(host, PathMatch.Any, new RouteOrigin(name, 0, 0), backend, "spec.defaultBackend");
    }

    /// <summary>Every host that an Ingress names, with the field that does: in its rules and under <c>tls</c>.</summary>
    public static IEnumerable<(string Host, string Field)> Named(IngressObject ingress)
    {
        for (var r = 0; r < ingress.Rules.Length; r++)
        {
            if (ingress.Rules[r].Host is { Length: > 0 } host)
                yield return (host.ToLowerInvariant(), $"spec.rules[{r}].host");
        }
        for (var t = 0; t < ingress.Tls.Length; t++)
        {
            for (var h = 0; h < ingress.Tls[t].Hosts.Length; h++)
            {
                if (ingress.Tls[t].Hosts[h] is { Length: > 0 } host)
                    yield return (host.ToLowerInvariant(), $"spec.tls[{t}].hosts[{h}]");
            }
        }
    }

    /// <summary>The hosts that an entry of <c>spec.tls</c> is for; none where neither it nor the rules name one.</summary>
    public static IReadOnlyList<string> HostsOf(IngressObject ingress, IngressTls tls)
    {
        var hosts = tls.Hosts.Any(h => h.Length > 0) ? tls.Hosts : [.. ingress.Rules.Select(r => r.Host)];
        return [.. hosts.Where(h => h.Length > 0).Select(h => h.ToLowerInvariant()).Distinct()];
    }
}
