using Turnpike.Api;
using Turnpike.Api.Ingresses;
using Turnpike.Api.Mesh;
using Turnpike.Compiler.Incremental;
using Turnpike.Compiler.Limits;
using Turnpike.Compiler.Model;
using Turnpike.Compiler.Tables;
using Turnpike.Reading;
using Turnpike.Routing;

namespace Turnpike.Compiler.FrontEnds.Ingress;

/// <summary>
/// Turns Ingresses into claims: paths, default backends, the behaviour of port 80 for hosts with TLS, and guards that are not enforced.
/// </summary>
internal sealed class IngressFrontEnd(
    ClusterSnapshot snapshot, OwnerQuestions hosts, TableBuilder table, IngressBackends backends, NamespaceBudget budget, DiagnosticBag diagnostics)
    : IFrontEnd
{
    // An ACME solver may add its paths to the Ingress that waits for the certificate (RFC 8555 §8.3), and there is no HTTPS to redirect to
    // yet.
    private const string AcmeChallenges = "/.well-known/acme-challenge/";
    private const int DefaultHttpsPort = 443;

    private Dictionary<ObjectKey, IngressObject> _ingresses = [];

    /// <summary>The routes that redirect requests of port 80 for hosts with TLS to HTTPS.</summary>
    private readonly RouteSet _toHttps = new(
        "https", [new Route { Path = PathMatch.Any, Redirect = new RedirectAction(308, "https", null, null, RedirectPort(snapshot)) }]);

    /// <summary>
    /// The routes of Ingresses whose guards are not enforced. Such an Ingress keeps its paths from others, and its requests get 503.
    /// </summary>
    private readonly RouteSet _unguarded = new(
        "unguarded",
        [
            new Route
            {
                Path = PathMatch.Any,
                DirectResponse = new DirectResponseAction(503, "not served: the Ingress of this path asks for a guard that is not enforced here"),
            },
        ]);

    /// <inheritdoc/>
    public string Kind => Kinds.Ingress;

    /// <inheritdoc/>
    public void Update(ClusterSnapshot snapshot) => _ingresses = snapshot.Ingresses.ToDictionary(Keys.Of);

    /// <inheritdoc/>
    public void Claim(HostRequest request)
    {
        var ingress = _ingresses[request.Subject];
        backends.Begin();
        var tls = TlsHosts.Of(ingress);
        var isGuarded = AsksForGuards(ingress);
        foreach (var served in ServedPaths.Of(ingress))
            Claim(ingress, served, tls, isGuarded);
        foreach (var (host, entry) in tls.Listed)
            CloseCleartext(ingress, host, entry, tls);
        backends.End(ingress);
    }

    private static int RedirectPort(ClusterSnapshot snapshot) =>
        (snapshot.Mesh.HttpsRedirectPort ?? snapshot.DefaultHttpsRedirectPort) is var port && port == DefaultHttpsPort ? 0 : port;

    /// <summary>
    /// Reports the annotations of other controllers that have no effect. Returns true when the Ingress must not be served because of them.
    /// </summary>
    private bool AsksForGuards(IngressObject ingress)
    {
        var key = Keys.Of(ingress);
        var refused = false;
        foreach (var foreign in ForeignAnnotations.Of(ingress.Metadata.Annotations))
        {
            if (!foreign.IsGuard)
            {
                diagnostics.Warn(key, DiagnosticReasons.NoEffect, foreign.ToString());
            }
            else if (snapshot.Mesh.ForeignGuards == ForeignGuards.Warn)
            {
                diagnostics.Warn(key, DiagnosticReasons.GuardNotEnforced, $"{foreign}: the Ingress is served without");
            }
            else
            {
                diagnostics.Error(key, DiagnosticReasons.GuardNotEnforced, $"{foreign}, so the Ingress's requests get 503{ForeignAnnotations.Remedy}");
                refused = true;
            }
        }
        return refused;
    }

    private void Claim(IngressObject ingress, ServedPath served, TlsHosts tls, bool isGuarded)
    {
        var key = Keys.Of(ingress);
        if (!table.Admits(key, served.Host, served.Path, served.Field))
            return;
        var routes = isGuarded ? _unguarded : backends.RoutesOf(ingress, served, out var excess) is { } found ? found : LeaveOut(key, served, excess);
        if (routes is null)
            return;
        var claim = new PathClaim(key, IngressListeners.Http, served.Host, served.Path, served.Origin, routes) { IsFallback = served.IsDefault };
        if (!tls.Cover(served.Host))
        {
            table.Add(claim);
            return;
        }
        table.Add(claim with { Listener = IngressListeners.Https });
        switch (HttpMode(ingress, served.Host, tls))
        {
            case TlsIngressHttp.Allow:
            case TlsIngressHttp.Redirect when served.Path.Value.StartsWith(AcmeChallenges, StringComparison.Ordinal):
                table.Add(claim);
                break;
            case TlsIngressHttp.Redirect:
                table.Add(claim with { Routes = _toHttps, Yields = true });
                break;
        }
    }

    private RouteSet? LeaveOut(ObjectKey key, ServedPath served, string? excess)
    {
        table.LeaveOut(key, served.Field, excess);
        return null;
    }

    /// <summary>
    /// Decides what port 80 does for a host that is listed under <c>tls</c>, besides the paths of the Ingress itself. The host's owner
    /// decides it for the whole host. Without an owner, the namespace that holds the path of every request does. Other namespaces that
    /// share the host decide only for their own paths.
    /// </summary>
    private void CloseCleartext(IngressObject ingress, string host, int entry, TlsHosts tls)
    {
        var key = Keys.Of(ingress);
        if (!hosts.MayServe(key.Namespace, host) || !hosts.HasRest(key.Namespace, host))
            return;
        var closing = new HostClosing(key, IngressListeners.Http, host, "lists the host under tls", null);
        switch (HttpMode(ingress, host, tls))
        {
            case TlsIngressHttp.Allow:
                table.LeaveOpen(IngressListeners.Http, host);
                break;
            case TlsIngressHttp.None:
                table.Close(closing);
                break;
            case TlsIngressHttp.Redirect when budget.Spend(key.Namespace, NamespaceBudget.OfPath(host, "")) is { } excess:
                diagnostics.Error(key, DiagnosticReasons.LimitExceeded, $"{IngressPaths.Tls(entry)}.hosts: {excess}; port 80 does not redirect host {host}");
                table.Close(closing);
                break;
            case TlsIngressHttp.Redirect:
                var origin = ServedPaths.OriginOfTls(ingress, entry);
                table.Close(closing with { Rest = new PathClaim(key, IngressListeners.Http, host, PathMatch.Any, origin, _toHttps) });
                break;
        }
    }

    private TlsIngressHttp HttpMode(IngressObject ingress, string host, TlsHosts tls) => ingress.Metadata.Annotations.GetValueOrDefault(Names.HttpAnnotation) switch
    {
        "redirect" => TlsIngressHttp.Redirect,
        "allow" => TlsIngressHttp.Allow,
        "none" => TlsIngressHttp.None,
        _ => snapshot.Mesh.TlsIngressHttp ?? (tls.List(host) ? TlsIngressHttp.Redirect : TlsIngressHttp.None),
    };
}
