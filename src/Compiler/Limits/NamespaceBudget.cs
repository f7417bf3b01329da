using System.Globalization;
using Turnpike.Api.RouteRules;
using Turnpike.Compiler.Incremental;

namespace Turnpike.Compiler.Limits;

/// <summary>
/// Tracks the approximate number of bytes of the table that each namespace has taken. A rule is in the table once for each port of its
/// service that a path leads to, and a subset repeats endpoints, so the cost of objects is known only while the table is made.
/// </summary>
/// <param name="limit">The number of bytes that one namespace may take.</param>
/// <param name="isEnforced">
/// Whether requests beyond the limit are refused. If not, all are granted, and units record what they take: when no namespace is beyond the
/// limit at the end, nothing would have been refused.
/// </param>
/// <param name="recorder">Records what units take.</param>
internal sealed class NamespaceBudget(int limit, bool isEnforced, Unit.Recorder recorder)
{
    private const int PerObject = 256;

    /// <summary>Whether requests beyond the limit are refused.</summary>
    public bool IsEnforced => isEnforced;

    /// <summary>The number of bytes that one namespace may take.</summary>
    public int Limit => limit;

    private readonly Dictionary<string, long> _spent = new(StringComparer.Ordinal);

    public static int OfPath(string host, string path) => PerObject + (2 * (host.Length + path.Length));

    public static int OfCluster(string name, int endpoints) => PerObject + (2 * name.Length) + (48 * endpoints);

    public static int OfRule(RouteRule rule)
    {
        var spec = rule.Spec;
        var texts = rule.Metadata.Name.Length + rule.Metadata.Namespace.Length + Length(spec.Redirect?.Uri) + Length(spec.Redirect?.Authority)
            + Length(spec.Rewrite?.Uri) + Length(spec.Rewrite?.Authority);
        var parts = 0;
        foreach (var (name, match) in spec.Match?.Request?.Headers ?? System.Collections.Immutable.ImmutableSortedDictionary<string, StringMatch>.Empty)
        {
            texts += name.Length + Length(match.Exact) + Length(match.Prefix) + Length(match.Regex);
            parts++;
        }
        foreach (var (name, value) in spec.AppendHeaders ?? Reading.ObjectMeta.EmptyMap)
        {
            texts += name.Length + value.Length;
            parts++;
        }
        foreach (var target in spec.Route ?? [])
        {
            foreach (var (key, value) in target.Labels ?? Reading.ObjectMeta.EmptyMap)
                texts += key.Length + value.Length;
            texts += 2 * (Length(target.Destination?.Name) + Length(target.Destination?.Namespace));
            parts++;
        }
        if (spec.CorsPolicy is { } cors)
        {
            foreach (var text in (IEnumerable<string>)[.. cors.AllowOrigin ?? [], .. cors.AllowMethods ?? [], .. cors.AllowHeaders ?? [], .. cors.ExposeHeaders ?? []])
            {
                texts += text.Length;
                parts++;
            }
        }
        return PerObject + (64 * parts) + (2 * texts);
    }

    /// <summary>Takes bytes for a namespace. Returns null when there is room for them, else the reason for the refusal.</summary>
    public string? Spend(string ns, int bytes)
    {
        if (!isEnforced)
        {
            recorder.Spend(ns, bytes);
            return null;
        }
        var next = _spent.GetValueOrDefault(ns) + bytes;
        if (next <= limit)
        {
            _spent[ns] = next;
            return null;
        }
        return string.Create(
            CultureInfo.InvariantCulture,
            $"namespace {ns} would take about {next} bytes of the route table, and the mesh setting namespaceLimits.tableBytes allows {limit}");
    }

    private static int Length(string? text) => text?.Length ?? 0;
}
