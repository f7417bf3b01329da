using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Reading;

namespace Turnpike.Compiler;

/// <summary>A doubt about an object whose kind is not read, and that was probably meant to be of a kind that is.</summary>
/// <param name="IsError">Whether the kind cannot exist, because its group is ours and has no such kind.</param>
/// <param name="Kind">The kind that was probably meant; null when no known kind is similar.</param>
/// <param name="Message">The message, as one clause.</param>
public sealed record KindDoubt(bool IsError, string? Kind, string Message);

/// <summary>Tells a typing error in <c>kind</c> or <c>apiVersion</c> from a kind that does not concern this project.</summary>
public static class KindSpelling
{
    /// <summary>The largest number of wrong letters that counts as a typing error. A word with more is another word.</summary>
    private const int MaxSlips = 2;

    /// <summary>Returns the doubt about an object; null when its kind is read or belongs to another project.</summary>
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
            // Names of core kinds are common words, and other groups have a Service of their own. Other kinds rarely have another meaning.
            var known = groups.Where(g => g.Length > 0).ToList();
            var meant = group.Length == 0 ? known.FirstOrDefault() : Spelling.Nearest(group, known, MaxSlips);
            return meant is null ? null : new(false, kind, $"apiVersion: Invalid value: \"{apiVersion}\": it has no kind {kind}, which is of {meant}");
        }
        return Spelling.Nearest(kind, ObjectReaders.KindsOf(apiVersion.Length == 0 ? null : group), MaxSlips) is { } name
            ? new(false, name, $"kind: Invalid value: \"{kind}\": is not known{Spelling.DidYouMean(name)}")
            : null;
    }
}
