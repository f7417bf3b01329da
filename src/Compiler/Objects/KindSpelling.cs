using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Reading;

namespace Turnpike.Compiler;

/// <summary>An object of a kind that is not read, and that was probably meant to be of one that is.</summary>
/// <param name="IsError">There is no such kind at all, since its group is ours.</param>
/// <param name="Kind">What was probably meant; null where nothing is near.</param>
/// <param name="Message">One clause.</param>
public sealed record KindDoubt(bool IsError, string? Kind, string Message);

/// <summary>Tells a slip of the finger in <c>kind</c> or <c>apiVersion</c> from a kind that is none of our business.</summary>
public static class KindSpelling
{
    /// <summary>Two letters are a slip; more are another word.</summary>
    private const int MaxSlips = 2;

    /// <summary>Null for a kind that is read, and for one that is another's.</summary>
    public static KindDoubt? DoubtOf(JsonObject raw)
    {
        ArgumentNullException.ThrowIfNull(raw);
        if (ObjectReaders.For(raw) is not null || ObjectReaders.Text(raw, "kind") is not { } kind)
            return null;
        var apiVersion = ObjectReaders.Text(raw, "apiVersion") ?? "";
        var group = ObjectReaders.GroupOf(apiVersion);
        if (group == Names.Group)
        {
            var near = Spelling.Nearest(kind, [Kinds.RouteRule], MaxSlips);
            var hint = near is null ? $"; its kind is {Kinds.RouteRule}" : Spelling.DidYouMean(near);
            return new(true, near, $"kind: Invalid value: \"{kind}\": {Names.Group} has no such kind{hint}");
        }
        if (ObjectReaders.GroupsOf(kind) is { } groups)
        {
            // Core kinds are everybody's words: other groups have a Service of their own. The rest is rarely meant otherwise.
            var known = groups.Where(g => g.Length > 0).ToList();
            var meant = group.Length == 0 ? known.FirstOrDefault() : Spelling.Nearest(group, known, MaxSlips);
            return meant is null ? null : new(false, kind, $"apiVersion: Invalid value: \"{apiVersion}\": it has no kind {kind}, which is of {meant}");
        }
        return Spelling.Nearest(kind, ObjectReaders.KindsOf(apiVersion.Length == 0 ? null : group), MaxSlips) is { } name
            ? new(false, name, $"kind: Invalid value: \"{kind}\": is not known{Spelling.DidYouMean(name)}")
            : null;
    }
}
