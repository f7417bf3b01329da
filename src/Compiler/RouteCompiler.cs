using Turnpike.Compiler.Backends;
using Turnpike.Compiler.FrontEnds;
using Turnpike.Compiler.FrontEnds.Ingress;
using Turnpike.Compiler.Hosts;
using Turnpike.Compiler.Limits;
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
    private readonly ClusterSnapshot _snapshot;
    private readonly DiagnosticBag _diagnostics = new();
    private readonly BackendIndex _backends;
    private readonly RouteBuilder _routes;
    private readonly HostOwners _hosts;
    private readonly CertificateBuilder _certificates;
    private readonly TableBuilder _table;
    private readonly Dictionary<string, IFrontEnd> _frontEnds;

    private RouteCompiler(ClusterSnapshot snapshot)
    {
        _snapshot = snapshot = NamespaceUsage.Enforce(snapshot, _diagnostics);
        var budget = new NamespaceBudget(snapshot.Mesh.NamespaceLimits.EffectiveTableBytes);
        _backends = new BackendIndex(snapshot) { Budget = budget };
        _routes = new RouteBuilder(snapshot.Mesh, _backends, new RuleIndex(snapshot, _backends, _diagnostics), budget, _diagnostics);
        _hosts = HostOwners.Of(snapshot);
        _certificates = new CertificateBuilder(snapshot, _hosts, _diagnostics);
        _table = new TableBuilder(IngressListeners.All, _hosts, budget, _diagnostics);
        IFrontEnd[] frontEnds =
        [
            new IngressFrontEnd(snapshot, _hosts, _table, new IngressBackends(_backends, _routes, _diagnostics), budget, _diagnostics),
        ];
        _frontEnds = frontEnds.ToDictionary(f => f.Kind, StringComparer.Ordinal);
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
        _certificates.Add(_hosts.Requests);
        foreach (var request in _hosts.Requests)
        {
            var subject = request.Subject;
            try
            {
                foreach (var refusal in _hosts.Refusals(request))
                    _diagnostics.Error(subject, DiagnosticReasons.HostNotPermitted, refusal.Message, refusal.AdminMessage);
                _frontEnds[subject.Kind].Claim(request);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // A fault of the compiler, and one object's: all others are in the table as if this one was not there.
                _diagnostics.Error(subject, DiagnosticReasons.Invalid, $"the {subject.Kind} cannot be compiled and is left out: {e.Message}");
            }
        }
        _table.Finish();
        _routes.ReportUnreachable();
        _backends.Addresses.Report(_diagnostics);
        return new Diagnosis(_diagnostics.ToImmutable(), _hosts);
    }

    private RouteTable BuildTable()
    {
        return new RouteTable
        {
            Listeners = _table.Build(),
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
}
