using System.Collections.Immutable;
using Turnpike.Api.Core;
using Turnpike.Compiler.Hosts;
using Turnpike.Compiler.Model;
using Turnpike.Reading;
using Turnpike.Routing;

namespace Turnpike.Compiler.Tables;

/// <summary>
/// Chooses the certificate for each server name. A Secret that an object names counts only in the object's own namespace and for the hosts
/// of that namespace. Every other name gets the fallback: the Secret that the profile names (<c>istio-system/istio-ingress-certs</c> in
/// that of 2017), else the first Secret whose object names no host.
/// </summary>
internal sealed class CertificateBuilder
{
    private readonly HostOwners _owners;
    private readonly DiagnosticBag _diagnostics;
    private readonly Dictionary<(string Namespace, string Name), TlsSecretObject> _secrets;
    private readonly Dictionary<string, (TlsSecretObject Secret, ObjectKey Subject)> _byHost = new(StringComparer.Ordinal);
    private readonly TlsSecretObject? _mesh;
    private readonly string _meshName;
    private TlsSecretObject? _fallback;

    public CertificateBuilder(ClusterSnapshot snapshot, HostOwners owners, DiagnosticBag diagnostics)
    {
        _owners = owners;
        _diagnostics = diagnostics;
        _secrets = snapshot.TlsSecrets.ToDictionary(s => (s.Metadata.Namespace, s.Metadata.Name));
        _fallback = _mesh = _secrets.GetValueOrDefault((snapshot.Profile.SystemNamespace, snapshot.Profile.IngressCertificatesSecret));
        _meshName = $"{snapshot.Profile.SystemNamespace}/{snapshot.Profile.IngressCertificatesSecret}";
    }

    /// <param name="requests">The requests of the objects that are served, those that win a conflict first.</param>
    public void Add(IReadOnlyList<HostRequest> requests)
    {
        _fallback ??= requests
            .Where(request => request.Subject.Namespace == _owners.FallbackOwner)
            .SelectMany(request => request.Certificates.Where(wanted => wanted.Hosts.IsEmpty).Select(wanted => Secret(request.Subject, wanted)))
            .FirstOrDefault(secret => secret is not null);
        foreach (var request in requests)
        {
            foreach (var wanted in request.Certificates)
                Add(request.Subject, wanted);
        }
    }

    public ImmutableArray<Certificate> Build()
    {
        var (onFallback, refused) = HostsWithoutTheirOwn();
        var certificates = _byHost.GroupBy(h => h.Value.Secret, ReferenceEqualityComparer.Instance)
            .Select(g => (Secret: (TlsSecretObject)g.Key!, Hosts: g.Select(h => h.Key)))
            .Append((Secret: _mesh!, Hosts: onFallback))
            .Where(c => c.Hosts.Any())
            // The certificate of the mesh may also be that of a host.
            .GroupBy(c => c.Secret, c => c.Hosts, ReferenceEqualityComparer.Instance)
            .Select(g => CertificateOf((TlsSecretObject)g.Key!, [.. g.SelectMany(hosts => hosts).Order(StringComparer.Ordinal)]))
            .OrderBy(c => c.Name, StringComparer.Ordinal)
            .ToList();
        if (_fallback is not null)
            certificates.Add(CertificateOf(_fallback, []));
        if (refused.Count > 0)
            certificates.Add(Certificate.NoneFor([.. refused.Order(StringComparer.Ordinal)]));
        return [.. certificates];
    }

    private void Add(ObjectKey subject, CertificateRequest wanted)
    {
        var ns = subject.Namespace;
        if (Secret(subject, wanted) is { } secret)
        {
            foreach (var host in wanted.Hosts)
            {
                if (_owners.MayCertify(ns, host))
                    Claim(subject, wanted.Field, host, secret);
                else if (_owners.MayServe(ns, host))
                    _diagnostics.Warn(subject, DiagnosticReasons.CertificateTaken, $"{wanted.Field}: host {host} belongs to another namespace, which shares it: it is served with its owner's certificate, not with {secret.Metadata}");
            }
            return;
        }
        var unnamed = string.IsNullOrEmpty(wanted.Secret);
        var fallback = _fallback is not null && (ReferenceEquals(_fallback, _mesh) || _fallback.Metadata.Namespace == ns || !_owners.HostsAreOwned || wanted.Hosts.IsEmpty)
            ? _fallback
            : null;
        if (unnamed && fallback is not null)
            return;
        var lack = unnamed ? $"{wanted.Field}: names no secret" : $"{wanted.SecretField}: namespace {ns} has no usable TLS secret \"{wanted.Secret}\"";
        if (fallback is null)
            Warn($"there is no fallback certificate ({_meshName}) either, so its TLS connections are refused", null);
        else if (ReferenceEquals(fallback, _mesh) || fallback.Metadata.Namespace == ns)
            Warn($"the fallback certificate {fallback.Metadata} is used", null);
        else
            Warn("a fallback certificate of another namespace is used", $"the fallback certificate {fallback.Metadata} is used");

        void Warn(string instead, string? admin) =>
            _diagnostics.Warn(subject, DiagnosticReasons.SecretNotFound, $"{lack}; {instead}", admin is null ? null : $"{lack}; {admin}");
    }

    private TlsSecretObject? Secret(ObjectKey subject, CertificateRequest wanted) =>
        string.IsNullOrEmpty(wanted.Secret) ? null : _secrets.GetValueOrDefault((subject.Namespace, wanted.Secret));

    private void Claim(ObjectKey subject, string field, string host, TlsSecretObject secret)
    {
        if (_byHost.TryAdd(host, (secret, subject)) || ReferenceEquals(_byHost[host].Secret, secret))
            return;
        var (other, owner) = _byHost[host];
        var full = $"{field}: host {host} is served with the certificate {other.Metadata} of {owner}, which is older or comes first";
        if (owner.Namespace == subject.Namespace)
            _diagnostics.Warn(subject, DiagnosticReasons.CertificateTaken, full);
        else
            _diagnostics.Warn(subject, DiagnosticReasons.CertificateTaken, $"{field}: host {host} is served with the certificate of {ObjectWords.OfAnotherNamespace(owner.Kind)}, which is older or comes first", full);
    }

    /// <summary>
    /// Returns the owned hosts that would be served with another namespace's certificate, because that is for a wider name or is the
    /// fallback. They get the certificate of the mesh, or none if it has none.
    /// </summary>
    private (List<string> OnFallback, List<string> Refused) HostsWithoutTheirOwn()
    {
        var hosts = _owners.Owned
            .Where(owned => !_byHost.ContainsKey(owned.Key) && Wider(owned.Key) is { } secret && !ReferenceEquals(secret, _mesh) && secret.Metadata.Namespace != owned.Value)
            .Select(owned => owned.Key)
            .ToList();
        return _mesh is null ? ([], hosts) : (hosts, []);
    }

    private TlsSecretObject? Wider(string host)
    {
        var dot = host.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && !host.StartsWith("*.", StringComparison.Ordinal) && _byHost.TryGetValue("*" + host[dot..], out var found) ? found.Secret : _fallback;
    }

    private static Certificate CertificateOf(TlsSecretObject secret, ImmutableArray<string> hosts) =>
        new(secret.Metadata.ToString(), hosts, secret.CertificatePem, secret.PrivateKeyPem);
}
