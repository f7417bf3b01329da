using Turnpike.Injector.Patch;

namespace Turnpike.Injector.Text;

/// <summary>
/// Sorts operations into rounds. Those of one round stand in different collections and none of them needs or moves what another adds, so
/// that
/// one reading of the text serves them all: a List of a thousand Deployments is read a few times and not a few thousand.
/// </summary>
internal sealed class EditRounds
{
    private readonly Dictionary<string, int> _collections = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _changed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _below = new(StringComparer.Ordinal);

    /// <summary>The round of the next operation; to be asked in the order of the patch.</summary>
    public int Of(PatchOperation operation)
    {
        var path = operation.Path;
        var slash = path.LastIndexOf('/');
        if (slash < 0)
            return 1;
        var parent = path[..slash];
        // An item that is added moves those behind it: all that follows below the sequence meets another text.
        var last = path.AsSpan(slash + 1);
        var changes = last is "-" || !last.ContainsAnyExceptInRange('0', '9') ? parent : path;
        var round = Math.Max(_collections.GetValueOrDefault(parent) + 1, _below.GetValueOrDefault(changes));
        foreach (var outer in Outers(path))
            round = Math.Max(round, _changed.GetValueOrDefault(outer) + 1);
        _collections[parent] = round;
        _changed[changes] = round;
        foreach (var outer in Outers(path))
            _below[outer] = Math.Max(round, _below.GetValueOrDefault(outer));
        return round;
    }

    /// <summary>The paths of all that is around a path, the innermost first.</summary>
    private static IEnumerable<string> Outers(string path)
    {
        for (var slash = path.LastIndexOf('/'); slash >= 0; slash = slash == 0 ? -1 : path.LastIndexOf('/', slash - 1))
            yield return path[..slash];
    }
}
