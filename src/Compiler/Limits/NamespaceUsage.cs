using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using Turnpike.Api.Ingresses;
using Turnpike.Api.Mesh;
using Turnpike.Api.RouteRules;
using Turnpike.Compiler.FrontEnds.Ingress;
using Turnpike.Primitives;
using Turnpike.Reading;

namespace Turnpike.Compiler.Limits;

/// <summary>Compares the usage of each namespace with its <see cref="NamespaceLimits"/>.</summary>
public static class NamespaceUsage
{
    /// <summary>
    /// Returns the error for a new RouteRule, or a new version of one, that exceeds the limits of its namespace; null when there is room
    /// for it.
    /// </summary>
    public static FieldError? Refusal(ClusterSnapshot snapshot, RouteRule candidate)
    {
        var usage = new RuleUsage();
        RouteRule? old = null;
        foreach (var rule in snapshot.RouteRules)
        {
            if (rule.Metadata.Namespace != candidate.Metadata.Namespace)
                continue;
            if (rule.Metadata.Name == candidate.Metadata.Name)
                old = rule;
            else
                usage.Add(rule);
        }
        var before = usage;
        if (old is not null)
            before.Add(old);
        usage.Add(candidate);
        return Error(usage.Excess(snapshot.Mesh.NamespaceLimits, before, candidate.Metadata.Namespace));
    }

    /// <summary>
    /// Returns the error for a new Ingress of our class, or a new version of one, that exceeds the limits of its namespace; null when there
    /// is room for it.
    /// </summary>
    public static FieldError? Refusal(ClusterSnapshot snapshot, IngressObject candidate)
    {
        var (others, old) = (0, 0);
        foreach (var ingress in snapshot.Ingresses)
        {
            if (ingress.Metadata.Namespace != candidate.Metadata.Namespace || !IngressRequests.IsOurs(ingress, snapshot))
                continue;
            if (ingress.Metadata.Name == candidate.Metadata.Name)
                old = PathsOf(ingress);
            else
                others += PathsOf(ingress);
        }
        var paths = others + PathsOf(candidate);
        var limit = snapshot.Mesh.NamespaceLimits.EffectivePaths;
        return paths > limit && paths > others + old ? Error(Message(candidate.Metadata.Namespace, paths, "paths in its Ingresses", "paths", limit)) : null;
    }

    /// <summary>
    /// Returns the RouteRules without those that go beyond the limits of their namespace. The oldest keep their place; of two of the same
    /// age the first by name does. Returns the same array when no rule goes beyond.
    /// </summary>
    internal static ImmutableArray<RouteRule> Enforce(ImmutableArray<RouteRule> rules, NamespaceLimits limits, DiagnosticBag diagnostics)
    {
        var totals = new Dictionary<string, RuleUsage>(StringComparer.Ordinal);
        foreach (var rule in rules)
            CollectionsMarshal.GetValueRefOrAddDefault(totals, rule.Metadata.Namespace, out _).Add(rule);
        // If all rules of a namespace fit together, none of them need be checked.
        var full = totals.Where(t => t.Value.Excess(limits, default, t.Key) is not null).Select(t => t.Key).ToHashSet(StringComparer.Ordinal);
        if (full.Count == 0)
            return rules;
        var leftOut = new HashSet<object>(ReferenceEqualityComparer.Instance);
        foreach (var ofNamespace in rules.Where(r => full.Contains(r.Metadata.Namespace)).GroupBy(r => r.Metadata.Namespace, StringComparer.Ordinal))
        {
            var usage = new RuleUsage();
            foreach (var rule in ByAge(ofNamespace, r => r.Metadata))
            {
                var next = usage;
                next.Add(rule);
                if (next.Excess(limits, usage, ofNamespace.Key) is { } excess)
                {
                    leftOut.Add(rule);
                    diagnostics.Error(Keys.Of(rule), DiagnosticReasons.LimitExceeded, $"{excess}; the newest RouteRules are left out");
                }
                else
                {
                    usage = next;
                }
            }
        }
        return rules.RemoveAll(leftOut.Contains);
    }

    /// <summary>
    /// Returns the Ingresses without those of our class that go beyond the limits of their namespace, by the same order as for RouteRules.
    /// </summary>
    internal static ImmutableArray<IngressObject> Enforce(ClusterSnapshot snapshot, DiagnosticBag diagnostics)
    {
        var limits = snapshot.Mesh.NamespaceLimits;
        var totals = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var ingress in snapshot.Ingresses)
        {
            if (IngressRequests.IsOurs(ingress, snapshot))
                CollectionsMarshal.GetValueRefOrAddDefault(totals, ingress.Metadata.Namespace, out _) += PathsOf(ingress);
        }
        var full = totals.Where(t => t.Value > limits.EffectivePaths).Select(t => t.Key).ToHashSet(StringComparer.Ordinal);
        if (full.Count == 0)
            return snapshot.Ingresses;
        var leftOut = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var ours = snapshot.Ingresses.Where(i => full.Contains(i.Metadata.Namespace) && IngressRequests.IsOurs(i, snapshot));
        foreach (var ingresses in ours.GroupBy(i => i.Metadata.Namespace, StringComparer.Ordinal))
        {
            var paths = 0;
            foreach (var ingress in ByAge(ingresses, i => i.Metadata))
            {
                var next = paths + PathsOf(ingress);
                if (next > limits.EffectivePaths)
                {
                    leftOut.Add(ingress);
                    var message = Message(ingresses.Key, next, "paths in its Ingresses", "paths", limits.EffectivePaths);
                    diagnostics.Error(Keys.Of(ingress), DiagnosticReasons.LimitExceeded, $"{message}; the newest Ingresses are left out");
                }
                else
                {
                    paths = next;
                }
            }
        }
        return snapshot.Ingresses.RemoveAll(leftOut.Contains);
    }

    internal static IEnumerable<T> ByAge<T>(IEnumerable<T> objects, Func<T, ObjectMeta> metadata) => objects
        .OrderBy(o => metadata(o).CreationTimestamp ?? DateTimeOffset.MaxValue)
        .ThenBy(o => metadata(o).Name, StringComparer.Ordinal);

    internal static string Message(string ns, int number, string what, string setting, int limit) => string.Create(
        CultureInfo.InvariantCulture, $"namespace {ns} would have {number} {what}, and the mesh setting namespaceLimits.{setting} allows {limit}");

    private static FieldError? Error(string? excess) => excess is null ? null : FieldError.Forbidden("spec", excess);

    private static int PathsOf(IngressObject ingress) => IngressRequests.Of(ingress).Paths.Length;

    private struct RuleUsage
    {
        private int _rules;
        private int _regexes;
        private int _steps;

        public void Add(RouteRule rule)
        {
            _rules++;
            foreach (var match in rule.Spec.Match?.Request?.Headers?.Values ?? [])
            {
                if (match.Regex is not { } pattern)
                    continue;
                _regexes++;
                _steps += LinearRegex.Get(pattern).Size;
            }
        }

        /// <summary>Returns the message about a number that is beyond its limit and larger than before; null when there is none.</summary>
        public readonly string? Excess(NamespaceLimits limits, RuleUsage before, string ns)
        {
            if (_rules > limits.EffectiveRules && _rules > before._rules)
                return Message(ns, _rules, "RouteRules", "rules", limits.EffectiveRules);
            if (_regexes > limits.EffectiveRegexes && _regexes > before._regexes)
                return Message(ns, _regexes, "regular expressions in its RouteRules", "regexes", limits.EffectiveRegexes);
            return _steps > limits.EffectiveRegexSteps && _steps > before._steps
                ? Message(ns, _steps, "steps in the regular expressions of its RouteRules", "regexSteps", limits.EffectiveRegexSteps)
                : null;
        }
    }
}
