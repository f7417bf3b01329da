using System.Collections.Immutable;

namespace Turnpike.Routing;

/// <summary>
/// What belongs to which server name (SNI): the one for the name itself goes before one with a wildcard for its first label, and
/// that before the fallback. Of two for the same name the first stays. Filled first, read then.
/// </summary>
public sealed class ServerNames<T>
    where T : class
{
    private readonly Dictionary<string, T> _exact = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, T> _wildcard = new(StringComparer.OrdinalIgnoreCase);
    private T? _fallback;

    /// <param name="hosts">Names, <c>*.x</c> for one label; none of them makes it the fallback.</param>
    /// <param name="value">What they get.</param>
    public void Add(ImmutableArray<string> hosts, T value)
    {
        if (hosts.IsEmpty)
            _fallback ??= value;
        foreach (var host in hosts)
        {
            if (host.StartsWith("*.", StringComparison.Ordinal))
                _wildcard.TryAdd(host[2..], value);
            else
                _exact.TryAdd(host, value);
        }
    }

    /// <param name="serverName">Empty where the client sent none.</param>
    public T? Find(string serverName)
    {
        if (_exact.TryGetValue(serverName, out var found))
            return found;
        var dot = serverName.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && _wildcard.TryGetValue(serverName[(dot + 1)..], out found) ? found : _fallback;
    }
}
