using System.Collections.Immutable;
using Turnpike.Compiler.Backends;
using Turnpike.Compiler.Model;
using Turnpike.Compiler.Rules;
using Turnpike.Routing;

namespace Turnpike.Compiler.Incremental;

/// <summary>
/// What compiling one unit, an object or a list of routes, has come to: what it gives to the table, what it says and spends, and what it
/// asked. While the answers stay the same, so does all the rest.
/// </summary>
internal sealed class Unit
{
    public static Unit Empty { get; } = new();

    public ImmutableArray<Diagnostic> Diagnostics { get; private init; } = [];

    /// <summary>What the unit takes of the room of namespaces, in bytes.</summary>
    public ImmutableArray<(string Namespace, int Bytes)> Spent { get; private init; } = [];

    /// <summary>What the unit says of paths and hosts, in order.</summary>
    public ImmutableArray<HostStep> Steps { get; private init; } = [];

    /// <summary>What the unit asked the owners of hosts.</summary>
    public ImmutableArray<OwnerAnswer> Answers { get; private init; } = [];

    /// <summary>The lists of routes that paths of the unit lead to.</summary>
    public ImmutableArray<(RouteListUnit List, PathMatch Path)> Lists { get; private init; } = [];

    /// <summary>The clusters that the unit needs, each with the namespace that pays for it.</summary>
    public ImmutableArray<(ClusterUnit Cluster, string Payer)> Clusters { get; private init; } = [];

    /// <summary>Collects what is said while a unit is compiled. Units lie within each other.</summary>
    internal sealed class Recorder
    {
        private readonly Stack<Draft> _drafts = [];

        private Draft Current => _drafts.Peek();

        /// <summary>Compiles a unit, and returns what it came to.</summary>
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

/// <summary>What one object says of a host of a listener.</summary>
/// <param name="Listener">The name of the listener.</param>
/// <param name="Domain">The host, <c>*</c> for any.</param>
/// <param name="Claim">A path that the object claims; null where it says something else.</param>
/// <param name="Closing">What becomes of the rest of the host. Where this is null, too, the host stays as it is.</param>
internal sealed record HostStep(string Listener, string Domain, PathClaim? Claim, HostClosing? Closing);
