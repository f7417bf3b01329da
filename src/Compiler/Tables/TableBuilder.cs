using System.Collections.Immutable;
using Turnpike.Compiler.Incremental;
using Turnpike.Compiler.Limits;
using Turnpike.Compiler.Model;
using Turnpike.Reading;
using Turnpike.Routing;

namespace Turnpike.Compiler.Tables;

/// <summary>
/// Collects the claims of the units of all front ends, decides which claims hold, and makes the virtual hosts of each listener.
/// </summary>
/// <param name="listeners">The listeners for which front ends may make claims.</param>
/// <param name="owners">Answers which namespace has which host.</param>
/// <param name="budget">The part of the table that each namespace may take.</param>
/// <param name="diagnostics">Gets the diagnostics about objects.</param>
/// <param name="recorder">Records the claims of the unit that is being compiled.</param>
internal sealed class TableBuilder(
    ImmutableArray<Listener> listeners, OwnerQuestions owners, NamespaceBudget budget, DiagnosticBag diagnostics, Unit.Recorder recorder)
{
    private readonly VirtualHostBuilder[] _builders = [.. listeners.Select(l => new VirtualHostBuilder(l.Name))];
    private ImmutableArray<Listener> _listeners = listeners;

    /// <summary>The diagnostics about claims that do not hold.</summary>
    public IEnumerable<Diagnostic> Diagnostics => _builders.SelectMany(b => b.Diagnostics);

    /// <summary>
    /// Returns true when an object may have a path, by the owners of the hosts and by the room that its namespace has left. Otherwise a
    /// diagnostic gives the reason, except for a host that the object may not serve, which is reported once for the object.
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

    /// <summary>Reports that a path is left out because its namespace has no room for it.</summary>
    public void LeaveOut(ObjectKey subject, string field, string? excess) =>
        diagnostics.Error(subject, DiagnosticReasons.LimitExceeded, $"{field}: {excess}; the path is left out");

    public void Add(PathClaim claim) => recorder.Add(new HostStep(claim.Listener, Domain(claim.Host), claim, null));

    public void Close(HostClosing closing) => recorder.Add(new HostStep(closing.Listener, Domain(closing.Host), null, closing));

    /// <summary>Leaves a host as it is, even when a later <see cref="Close"/> asks for more.</summary>
    public void LeaveOpen(string listener, string host) => recorder.Add(new HostStep(listener, Domain(host), null, null));

    /// <summary>Adds the claims of a unit.</summary>
    public void Attach(ObjectUnit unit)
    {
        foreach (var step in unit.Said.Steps)
            Of(step.Listener).Attach(unit, step);
    }

    /// <summary>Removes the claims of a unit.</summary>
    public void Detach(ObjectUnit unit)
    {
        foreach (var step in unit.Said.Steps)
            Of(step.Listener).Detach(unit, step.Domain);
    }

    /// <summary>Decides which claims hold. It is called once all claims are added.</summary>
    public void Finish()
    {
        foreach (var builder in _builders)
            builder.Finish();
    }

    /// <summary>Returns the listeners with their virtual hosts, which are the same objects as before when nothing has changed.</summary>
    public ImmutableArray<Listener> Build()
    {
        for (var i = 0; i < _builders.Length; i++)
        {
            var hosts = _builders[i].Build(owners.Owners);
            if (!ReferenceEquals(hosts, _listeners[i].Hosts))
                _listeners = _listeners.SetItem(i, _listeners[i] with { Hosts = hosts });
        }
        return _listeners;
    }

    private VirtualHostBuilder Of(string listener)
    {
        foreach (var known in _builders)
        {
            if (known.Listener == listener)
                return known;
        }
        throw new ArgumentException($"there is no listener \"{listener}\"", nameof(listener));
    }

    private static string Domain(string host) => host.Length == 0 ? "*" : host.ToLowerInvariant();
}
