using System.Collections.Immutable;
using Turnpike.Api.Core;
using Turnpike.Api.RouteRules;
using Turnpike.Compiler.Incremental;
using Turnpike.Compiler.Model;
using Turnpike.Routing;

namespace Turnpike.Compiler.Rules;

/// <summary>The routes of one backend, with the outcome of making them. It is valid as long as the service's rules are the same.</summary>
/// <param name="service">The service; null for a backend that does not exist.</param>
/// <param name="rules">The rules that the routes are made from.</param>
internal sealed class RouteListUnit(ServiceObject? service, ImmutableArray<RouteRule> rules)
{
    private readonly Dictionary<PathMatch, int> _paths = [];
    private ImmutableArray<(string Rule, string? Winner)> _reach;

    public ServiceObject? Service => service;

    public ImmutableArray<RouteRule> Rules => rules;

    /// <summary>The routes; null when the namespace has no room for them.</summary>
    public RouteSet? Set { get; set; }

    /// <summary>The reason why there is no room; null when there is.</summary>
    public string? Excess { get; set; }

    /// <summary>Whether any request of the routes, or a copy of one, goes to endpoints that speak TLS.</summary>
    public bool IsOverTls { get; set; }

    /// <summary>The outcome of making the list.</summary>
    public Unit Said { get; set; } = Unit.Empty;

    /// <summary>False once the list has been replaced or removed. Units that refer to it must be compiled again.</summary>
    public bool IsCurrent { get; set; } = true;

    /// <summary>The paths that lead to the list.</summary>
    public IReadOnlyCollection<PathMatch> Paths => _paths.Keys;

    public void Add(PathMatch path)
    {
        var count = _paths.GetValueOrDefault(path);
        _paths[path] = count + 1;
        if (count == 0)
            _reach = default;
    }

    public void Remove(PathMatch path)
    {
        if (--_paths[path] > 0)
            return;
        _paths.Remove(path);
        _reach = default;
    }

    /// <summary>Returns the rules that the paths concern, see <see cref="RuleReach.Of"/>.</summary>
    public ImmutableArray<(string Rule, string? Winner)> Reach()
    {
        if (_reach.IsDefault)
            _reach = Set is null || rules.IsEmpty ? [] : [.. RuleReach.Of(Set, Paths)];
        return _reach;
    }
}
