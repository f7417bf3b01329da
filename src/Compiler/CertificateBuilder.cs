using System.Collections.Immutable;
using Turnpike.Api;
using Turnpike.Api.Core;
using Turnpike.Api.Ingresses;
using Turnpike.Routing;

namespace Turnpike.Compiler;

/// <summary>
/// Which certificate is for which server name: the secrets of <c>spec.tls</c>, each in its Ingress's own namespace, and for every
/// other name the fallback: <c>istio-system/istio-ingress-certs</c>, else the first secret whose Ingress names no host.
/// </summary>
internal sealed class CertificateBuilder
{
    private readonly DiagnosticBag _diagnostics;
    private readonly Dictionary<(string Namespace, string Name), TlsSecretObject> _secrets;
    private readonly Dictionary<string, (TlsSecretObject Secret, ObjectKey Ingress)> _byHost = new(StringComparer.Ordinal);
    private TlsSecretObject? _fallback;

    public CertificateBuilder(ClusterSnapshot snapshot, DiagnosticBag diagnostics)
    {
        _diagnostics = diagnostics;
        _secrets = snapshot.TlsSecrets.ToDictionary(s => (s.Metadata.Namespace, s.Metadata.Name));
        _fallback = _secrets.GetValueOrDefault((Names.SystemNamespace, Names.IngressCertificatesSecret));
    }

    /// <param name="ingresses">Those of our class, the one that wins a contest first.</param>
    public void Add(IReadOnlyList<IngressObject> ingresses)
    {
        _fallback ??= ingresses
            .SelectMany(ingress => ingress.Tls.Where(tls => HostsOf(ingress, tls).Length == 0).Select(tls => Secret(ingress, tls)))
            .FirstOrDefault(secret => secret is not null);
        foreach (var ingress in ingresses)
        {
            for (var i = 0; i < ingress.Tls.Length; i++)
                Add(ingress, i, ingress.Tls[i]);
        }
    }

    private void Add(IngressObject ingress, int index, IngressTls tls)
    {
        if (Secret(ingress, tls) is { } secret)
        {
            foreach (var host in HostsOf(ingress, tls))
                Claim(Keys.Of(ingress), index, host, secret);
            return;
        }
        var unnamed = string.IsNullOrEmpty(tls.SecretName);
        if (unnamed && _fallback is not null)
            return;
        var lack = unnamed ? $"spec.tls[{index}]: names no secret" : $"spec.tls[{index}].secretName: namespace {ingress.Metadata.Namespace} has no usable TLS secret \"{tls.SecretName}\"";
        var instead = _fallback is null
            ? $"there is no fallback certificate ({Names.SystemNamespace}/{Names.IngressCertificatesSecret}) either, so its TLS connections are refused"
            : $"the fallback certificate {_fallback.Metadata} is used";
        _diagnostics.Warn(Keys.Of(ingress), DiagnosticReasons.SecretNotFound, $"{lack}; {instead}");
    }

    private TlsSecretObject? Secret(IngressObject ingress, IngressTls tls) =>
        string.IsNullOrEmpty(tls.SecretName) ? null : _secrets.GetValueOrDefault((ingress.Metadata.Namespace, tls.SecretName));

    private static string[] HostsOf(IngressObject ingress, IngressTls tls)
    {
        var hosts = tls.Hosts.Any(h => h.Length > 0) ? tls.Hosts : [.. ingress.Rules.Select(r => r.Host)];
        return [.. hosts.Where(h => h.Length > 0).Select(h => h.ToLowerInvariant()).Distinct()];
    }

    public ImmutableArray<Certificate> Build()
    {
        var hostsOf = _byHost.GroupBy(h => h.Value.Secret, ReferenceEqualityComparer.Instance)
            .Select(g => CertificateOf((TlsSecretObject)g.Key!, [.. g.Select(h => h.Key).Order(StringComparer.Ordinal)]))
            .OrderBy(c => c.Name, StringComparer.Ordinal);
        return _fallback is null ? [.. hostsOf] : [.. hostsOf, CertificateOf(_fallback, [])];
    }

    private void Claim(ObjectKey ingress, int index, string host, TlsSecretObject secret)
    {
        if (_byHost.TryAdd(host, (secret, ingress)) || ReferenceEquals(_byHost[host].Secret, secret))
            return;
        var (other, owner) = _byHost[host];
        _diagnostics.Warn(ingress, DiagnosticReasons.CertificateTaken, $"spec.tls[{index}]: host {host} is served with the certificate {other.Metadata} of {owner}, which is older or comes first");
    }

    private static Certificate CertificateOf(TlsSecretObject secret, ImmutableArray<string> hosts) =>
        new(secret.Metadata.ToString(), hosts, secret.CertificatePem, secret.PrivateKeyPem);
}
