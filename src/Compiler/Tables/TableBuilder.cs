using System.Collections.Immutable;
using Turnpike.Compiler.Hosts;
using Turnpike.Compiler.Limits;
using Turnpike.Compiler.Model;
using Turnpike.Reading;
using Turnpike.Routing;

namespace Turnpike.Compiler.Tables;

/// <summary>Takes the claims of all front ends, decides which of them hold, and makes the virtual hosts of each listener.</summary>
/// <param name="listeners">The listeners that the front ends may claim paths of.</param>
/// <param name="owners">Which namespace has which host.</param>
/// <param name="budget">The room that each namespace has in the table.</param>
/// <param name="diagnostics">Takes what is said of objects.</param>
internal sealed class TableBuilder(ImmutableArray<Listener> listeners, HostOwners owners, NamespaceBudget budget, DiagnosticBag diagnostics)
{
    private readonly ImmutableArray<(Listener Listener, VirtualHostBuilder Hosts)> _listeners =
        [.. listeners.Select(l => (l, new VirtualHostBuilder(l.Name, diagnostics)))];

    /// <summary>
    /// Whether an object may have a path, by the owners of the hosts and by the room that its namespace has left. A diagnostic says why not, except for a
    /// host that the object may not serve, which is said once for the object.
    /// </summary>
    public bool Admits(ObjectKey subject, string host, PathMatch path, string field)
    {
        if (!owners.MayServe(subject.Namespace, host))
            return false;
        if (!owners.HasPath(subject.Namespace, host, path))
        {
            var holder = ObjectWords.OfAnotherNamespace(owners.KindOfHolder(host, path)!);
            diagnostics.Error(
                subject,
                DiagnosticReasons.HostPathTaken,
                $"{field}: host {(host.Length == 0 ? "*" : host)}, path {path} is taken by {holder}, which had it first");
            return false;
        }
        if (budget.Spend(subject.Namespace, NamespaceBudget.OfPath(host, path.Value)) is not { } excess)
            return true;
        LeaveOut(subject, field, excess);
        return false;
    }

    /// <summary>Says that a path is left out because its namespace has no room for it.</summary>
    public void LeaveOut(ObjectKey subject, string field, string? excess) =>
        diagnostics.Error(subject, DiagnosticReasons.LimitExceeded, $"{field}: {excess}; the path is left out");

    public void Add(PathClaim claim) => Of(claim.Listener).Add(claim);

    public void Close(HostClosing closing) => Of(closing.Listener).Close(closing);

    /// <summary>Leaves a host as it is, even where a later <see cref="Close"/> asks for more.</summary>
    public void LeaveOpen(string listener, string host) => Of(listener).LeaveOpen(host);

    /// <summary>Settles what depends on all claims, once they are in.</summary>
    public void Finish()
    {
        foreach (var (_, hosts) in _listeners)
            hosts.Finish();
    }

    /// <summary>Returns the listeners with their virtual hosts.</summary>
    public ImmutableArray<Listener> Build()
    {
        foreach (var (_, hosts) in _listeners)
            hosts.CloseTo(owners);
        return [.. _listeners.Select(l => l.Listener with { Hosts = l.Hosts.Build() })];
    }

    private VirtualHostBuilder Of(string listener)
    {
        foreach (var (known, hosts) in _listeners)
        {
            if (known.Name == listener)
                return hosts;
        }
        throw new ArgumentException($"there is no listener \"{listener}\"", nameof(listener));
    }
}
