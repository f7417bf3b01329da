using System.Collections.Immutable;
using Turnpike.Api;
using Turnpike.Api.Core;
using Turnpike.Api.Ingresses;
using Turnpike.Api.Mesh;
using Turnpike.Compiler.Backends;
using Turnpike.Compiler.FrontEnds.Ingress;
using Turnpike.Compiler.Hosts;
using Turnpike.Compiler.Limits;
using Turnpike.Compiler.Model;
using Turnpike.Compiler.Rules;
using Turnpike.Compiler.Tables;
using Turnpike.Routing;

namespace Turnpike.Compiler;

/// <summary>
/// Makes the route table of the ingress out of a snapshot. Pure: the same snapshot gives the same table and the same diagnostics.
/// What cannot be used is left out with a diagnostic and never hurts its neighbours.
/// </summary>
public sealed class RouteCompiler
{
    // A solver may add its paths to the Ingress that waits for the certificate (RFC 8555 §8.3): there is no HTTPS to redirect to yet.
    private const string AcmeChallenges = "/.well-known/acme-challenge/";

    private readonly ClusterSnapshot _snapshot;
    private readonly DiagnosticBag _diagnostics = new();
    private readonly BackendIndex _backends;
    private readonly NamespaceBudget _budget;
    private TlsHosts _tls = TlsHosts.None;
    private bool _isGuarded;
    private readonly BackendChecks _checks;
    private readonly RouteBuilder _routes;
    private readonly HostOwners _hosts;
    private readonly CertificateBuilder _certificates;
    private readonly VirtualHostBuilder _http;
    private readonly VirtualHostBuilder _https;

    private RouteCompiler(ClusterSnapshot snapshot)
    {
        snapshot = NamespaceUsage.Enforce(snapshot, _diagnostics);
        _snapshot = snapshot;
        _budget = new NamespaceBudget(snapshot.Mesh.NamespaceLimits.TableBytesInForce);
        _backends = new BackendIndex(snapshot) { Budget = _budget };
        _checks = new BackendChecks(_backends.Authorities, _diagnostics);
        _routes = new RouteBuilder(snapshot.Mesh, snapshot.Mesh.HttpsRedirectPort ?? snapshot.DefaultHttpsRedirectPort, _backends, new RuleIndex(snapshot, _backends, _diagnostics), _budget, _diagnostics);
        _hosts = HostOwners.Of(snapshot);
        _certificates = new CertificateBuilder(snapshot, _hosts, _diagnostics);
        _http = new VirtualHostBuilder("http", _diagnostics);
        _https = new VirtualHostBuilder("https", _diagnostics);
    }

    public static Compilation Compile(ClusterSnapshot snapshot)
    {
        var compiler = new RouteCompiler(snapshot);
        var (diagnostics, hosts) = compiler.Diagnose();
        return new Compilation(compiler.BuildTable(), diagnostics, hosts);
    }

    /// <summary>The diagnostics and the owners of the hosts that <see cref="Compile"/> gives, without the cost of a table: no index, no certificate.</summary>
    public static Diagnosis Diagnose(ClusterSnapshot snapshot) => new RouteCompiler(snapshot).Diagnose();

    private Diagnosis Diagnose()
    {
        _certificates.Add(_hosts.Ours);
        foreach (var ingress in _hosts.Ours)
        {
            try
            {
                Add(ingress);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // A fault of the compiler, and one object's: all others are in the table as if this one was not there.
                _diagnostics.Error(Keys.Of(ingress), DiagnosticReasons.Invalid, $"the Ingress cannot be compiled and is left out: {e.Message}");
            }
        }
        _http.Finish();
        _routes.ReportUnreachable();
        _backends.Addresses.Report(_diagnostics);
        return new Diagnosis(_diagnostics.ToImmutable(), _hosts);
    }

    private RouteTable BuildTable()
    {
        _http.CloseTo(_hosts);
        _https.CloseTo(_hosts);
        return new RouteTable
        {
            Http = _http.Build(),
            Https = _https.Build(),
            Clusters = new ClusterSet(_backends.Clusters),
            Certificates = _certificates.Build(),
            Settings = new ProxySettings
            {
                TrustedCidrs = _snapshot.Mesh.TrustedCidrs,
                DrainDuration = _snapshot.Mesh.DrainDuration,
                BodyIdleTimeout = _snapshot.Mesh.BodyIdleTimeout,
                Limits = _snapshot.Mesh.CircuitLimits,
            },
        };
    }

    private void Add(IngressObject ingress)
    {
        foreach (var refusal in _hosts.Refusals(ingress))
            _diagnostics.Error(Keys.Of(ingress), DiagnosticReasons.HostNotPermitted, refusal.Message, refusal.AdminMessage);
        _tls = TlsHosts.Of(ingress);
        _isGuarded = AsksForGuards(ingress);
        foreach (var served in ServedPaths.Of(ingress))
            Add(ingress, served);
        foreach (var (host, entry) in _tls.Listed)
            CloseCleartext(ingress, host, entry);
        _checks.End(ingress);
    }

    /// <summary>Tells what an Ingress asks for in vain; true where it may not be served for that.</summary>
    private bool AsksForGuards(IngressObject ingress)
    {
        var key = Keys.Of(ingress);
        var refused = false;
        foreach (var foreign in ForeignAnnotations.Of(ingress.Metadata.Annotations))
        {
            if (!foreign.IsGuard)
            {
                _diagnostics.Warn(key, DiagnosticReasons.NoEffect, foreign.ToString());
            }
            else if (_snapshot.Mesh.ForeignGuards == ForeignGuards.Warn)
            {
                _diagnostics.Warn(key, DiagnosticReasons.GuardNotEnforced, $"{foreign}: the Ingress is served without");
            }
            else
            {
                _diagnostics.Error(key, DiagnosticReasons.GuardNotEnforced, $"{foreign}, so the Ingress's requests get 503{ForeignAnnotations.Remedy}");
                refused = true;
            }
        }
        return refused;
    }

    /// <summary>
    /// What port 80 does for a host that is listed under <c>tls</c>, besides the paths of the Ingress itself. The host's owner says it for the whole
    /// host; whoever shares the host, for the paths that are its own.
    /// </summary>
    private void CloseCleartext(IngressObject ingress, string host, int entry)
    {
        var key = Keys.Of(ingress);
        if (!_hosts.MayServe(key.Namespace, host) || !_hosts.HasRest(key.Namespace, host))
            return;
        switch (HttpMode(ingress, host))
        {
            case TlsIngressHttp.Allow:
                _http.LeaveOpen(host);
                break;
            case TlsIngressHttp.None:
                _http.Close(key, host, null);
                break;
            case TlsIngressHttp.Redirect when _budget.Spend(key.Namespace, NamespaceBudget.OfPath(host, "")) is { } excess:
                _diagnostics.Error(key, DiagnosticReasons.LimitExceeded, $"spec.tls[{entry}].hosts: {excess}; port 80 does not redirect host {host}");
                _http.Close(key, host, null);
                break;
            case TlsIngressHttp.Redirect:
                _http.Close(key, host, new PathClaim(PathMatch.Any, new RouteOrigin(ingress.Metadata.ToString(), 0, 0, entry + 1), _routes.ToHttps));
                break;
        }
    }

    private void Add(IngressObject ingress, ServedPath served)
    {
        var (host, path) = (served.Host, served.Path);
        var key = Keys.Of(ingress);
        if (!_hosts.MayServe(key.Namespace, host))
            return;
        if (!_hosts.HasPath(key.Namespace, host, path))
        {
            _diagnostics.Error(key, DiagnosticReasons.HostPathTaken, $"{served.Field}: host {(host.Length == 0 ? "*" : host)}, path {path} is taken by an Ingress of another namespace, which had it first");
            return;
        }
        var field = served.Origin.Rule == 0 ? served.Field : $"{served.Field}.backend";
        var excess = _budget.Spend(key.Namespace, NamespaceBudget.OfPath(host, path.Value));
        if (excess is not null || Routes(ingress, path, served.Backend, field, out excess) is not { } routes)
        {
            _diagnostics.Error(key, DiagnosticReasons.LimitExceeded, $"{served.Field}: {excess}; the path is left out");
            return;
        }
        var entry = new PathClaim(path, served.Origin, routes);
        if (!_tls.Cover(host))
        {
            _http.Add(key, host, entry);
            return;
        }
        _https.Add(key, host, entry);
        switch (HttpMode(ingress, host))
        {
            case TlsIngressHttp.Allow:
            case TlsIngressHttp.Redirect when path.Value.StartsWith(AcmeChallenges, StringComparison.Ordinal):
                _http.Add(key, host, entry);
                break;
            case TlsIngressHttp.Redirect:
                _http.AddRedirect(host, entry with { Routes = _routes.ToHttps });
                break;
        }
    }

    private RouteSet? Routes(IngressObject ingress, PathMatch path, IngressBackend backend, string field, out string? excess)
    {
        excess = null;
        if (_isGuarded)
            return _routes.Unguarded;
        var key = Keys.Of(ingress);
        var ns = ingress.Metadata.Namespace;
        if (_backends.Find(ns, backend.ServiceName) is not { } service)
        {
            _diagnostics.Warn(key, DiagnosticReasons.BackendNotFound, $"{field}: namespace {ns} has no service \"{backend.ServiceName}\"; its requests get 503");
        }
        else if (service.Type == BackendIndex.ExternalName)
        {
            _diagnostics.Warn(key, DiagnosticReasons.BackendNotFound, $"{field}: service \"{backend.ServiceName}\" is an ExternalName, which is not followed; its requests get 503");
        }
        else if (PortOf(service, backend) is not { } port)
        {
            // Told for each path that is wrong: a service with a thousand ports must not make that megabytes.
            var known = service.Ports.Length == 0 ? "none" : string.Join(", ", service.Ports.Take(10).Select(p => p.Name.Length > 0 ? $"{p.Port} ({p.Name})" : $"{p.Port}"));
            if (service.Ports.Length > 10)
                known += $" and {service.Ports.Length - 10} more";
            _diagnostics.Warn(key, DiagnosticReasons.BackendNotFound, $"{field}: service \"{backend.ServiceName}\" has no port {(backend.PortName.Length > 0 ? $"\"{backend.PortName}\"" : backend.PortNumber)}; its requests get 503; its ports: {known}");
        }
        else if (!PortProtocol.IsTcp(port))
        {
            _diagnostics.Warn(key, DiagnosticReasons.BackendNotHttp, $"{field}: port {port.Port} of service \"{backend.ServiceName}\" is a port of {port.Transport}, and HTTP needs one of TCP; its requests get 503");
        }
        else
        {
            var list = _routes.RoutesFor(path, _checks.Of(ingress, service, port, field), out excess);
            if (list is not null && _routes.LeadToTls(list))
                _checks.LeadsToTls(ingress);
            return list;
        }
        return _routes.RoutesToNowhere(ns, backend.ToString());
    }

    private static ServicePort? PortOf(ServiceObject service, IngressBackend backend) => backend.PortName.Length > 0
        ? service.Ports.FirstOrDefault(p => p.Name == backend.PortName)
        // One number may be a port of TCP and one of UDP.
        : service.Ports.FirstOrDefault(p => p.Port == backend.PortNumber && PortProtocol.IsTcp(p)) ?? service.Ports.FirstOrDefault(p => p.Port == backend.PortNumber);

    private TlsIngressHttp HttpMode(IngressObject ingress, string host) => ingress.Metadata.Annotations.GetValueOrDefault(Names.HttpAnnotation) switch
    {
        "redirect" => TlsIngressHttp.Redirect,
        "allow" => TlsIngressHttp.Allow,
        "none" => TlsIngressHttp.None,
        _ => _snapshot.Mesh.TlsIngressHttp ?? (_tls.List(host) ? TlsIngressHttp.Redirect : TlsIngressHttp.None),
    };
}
