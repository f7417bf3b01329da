using Turnpike.Injector.Patch;

namespace Turnpike.Injector.Text;

/// <summary>
/// Sorts operations into rounds. The operations of one round concern different collections, and none of them needs or moves what another
/// adds. So
/// one parse of the text serves them all, and a List of a thousand Deployments is parsed a few times instead of a few thousand times.
/// </summary>
internal sealed class EditRounds
{
    private readonly Dictionary<string, int> _collections = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _changed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _below = new(StringComparer.Ordinal);

    /// <summary>Returns the round of the next operation. Call it in the order of the patch.</summary>
    public int Of(PatchOperation operation)
    {
        var path = operation.Path;
        var slash = path.LastIndexOf('/');
        if (slash < 0)
            return 1;
        var parent = path[..slash];
        // An added item moves those after it, so that every later operation below the sequence needs the text parsed again.
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

    /// <summary>Returns the paths around a path, the innermost first.</summary>
    private static IEnumerable<string> Outers(string path)
    {
        for (var slash = path.LastIndexOf('/'); slash >= 0; slash = slash == 0 ? -1 : path.LastIndexOf('/', slash - 1))
            yield return path[..slash];
    }
}
