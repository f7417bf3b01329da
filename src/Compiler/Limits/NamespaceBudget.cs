using System.Globalization;
using Turnpike.Api.RouteRules;
using Turnpike.Compiler.Incremental;

namespace Turnpike.Compiler.Limits;

/// <summary>
/// What each namespace has taken of the table so far, in bytes, roughly. A rule is in the table once for each port of its service that a
/// path leads to, and a subset repeats endpoints, so what objects come to is known only while the table is made.
/// </summary>
/// <param name="limit">What one namespace may take.</param>
/// <param name="isEnforced">
/// Whether what goes beyond the limit is refused. If not, all is granted, and units note what they take: where no namespace is beyond the
/// limit at the end, nothing would have been refused.
/// </param>
/// <param name="recorder">Takes the notes.</param>
internal sealed class NamespaceBudget(int limit, bool isEnforced, Unit.Recorder recorder)
{
    private const int PerObject = 256;

    /// <summary>Whether what goes beyond the limit is refused.</summary>
    public bool IsEnforced => isEnforced;

    /// <summary>What one namespace may take.</summary>
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

    /// <summary>What stands against it; null where there is room, which is then taken.</summary>
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
