using System.Collections.Immutable;
using Turnpike.Compiler.Backends;
using Turnpike.Compiler.Model;
using Turnpike.Compiler.Rules;
using Turnpike.Routing;

namespace Turnpike.Compiler.Incremental;

/// <summary>
/// The outcome of compiling one unit, which is an object or a list of routes: its part of the table, its diagnostics and spending, and the
/// answers that it got about the owners of hosts. While the answers stay the same, so does the rest.
/// </summary>
internal sealed class Unit
{
    public static Unit Empty { get; } = new();

    public ImmutableArray<Diagnostic> Diagnostics { get; private init; } = [];

    /// <summary>The bytes that the unit takes of each namespace's part of the table.</summary>
    public ImmutableArray<(string Namespace, int Bytes)> Spent { get; private init; } = [];

    /// <summary>The claims and closings of the unit, in the order in which it made them.</summary>
    public ImmutableArray<HostStep> Steps { get; private init; } = [];

    /// <summary>The questions that the unit asked about the owners of hosts, with their answers.</summary>
    public ImmutableArray<OwnerAnswer> Answers { get; private init; } = [];

    /// <summary>The lists of routes to which paths of the unit lead.</summary>
    public ImmutableArray<(RouteListUnit List, PathMatch Path)> Lists { get; private init; } = [];

    /// <summary>The clusters that the unit needs, each with the namespace that pays for it.</summary>
    public ImmutableArray<(ClusterUnit Cluster, string Payer)> Clusters { get; private init; } = [];

    /// <summary>Collects the outcome of a unit while it is compiled. A unit may be compiled within another one.</summary>
    internal sealed class Recorder
    {
        private readonly Stack<Draft> _drafts = [];

        private Draft Current => _drafts.Peek();

        /// <summary>Compiles a unit, and returns its outcome.</summary>
        public Unit Record(Action compile)
        {
            _drafts.Push(new Draft());
            try
            {
                compile();
                return Current.Finish();
            }
            finally
            {
                _drafts.Pop();
            }
        }

        public void Add(Diagnostic diagnostic) => Current.Diagnostics.Add(diagnostic);

        public void Spend(string ns, int bytes) => Current.Spent[ns] = Current.Spent.GetValueOrDefault(ns) + bytes;

        public void Add(HostStep step) => Current.Steps.Add(step);

        public void Add(in OwnerAnswer answer) => Current.Answers.Add(answer);

        public void Add(RouteListUnit list, PathMatch path) => Current.Lists.Add((list, path));

        public void Add(ClusterUnit cluster, string payer)
        {
            if (!Current.Clusters.Contains((cluster, payer)))
                Current.Clusters.Add((cluster, payer));
        }
    }

    private sealed class Draft
    {
        public List<Diagnostic> Diagnostics { get; } = [];

        public Dictionary<string, int> Spent { get; } = new(StringComparer.Ordinal);

        public List<HostStep> Steps { get; } = [];

        public List<OwnerAnswer> Answers { get; } = [];

        public List<(RouteListUnit List, PathMatch Path)> Lists { get; } = [];

        public List<(ClusterUnit Cluster, string Payer)> Clusters { get; } = [];

        public Unit Finish() => new()
        {
            Diagnostics = [.. Diagnostics],
            Spent = [.. Spent.Select(s => (s.Key, s.Value))],
            Steps = [.. Steps],
            Answers = [.. Answers],
            Lists = [.. Lists],
            Clusters = [.. Clusters],
        };
    }
}

/// <summary>A statement of one object about a host of a listener.</summary>
/// <param name="Listener">The name of the listener.</param>
/// <param name="Domain">The host; <c>*</c> for any host.</param>
/// <param name="Claim">A path that the object claims; null for another statement.</param>
/// <param name="Closing">
/// The object's decision about requests that match no path. When this and the claim are null, the host stays as it is.
/// </param>
internal sealed record HostStep(string Listener, string Domain, PathClaim? Claim, HostClosing? Closing);
