using System.Collections.Immutable;

namespace Turnpike.Routing;

/// <summary>
/// Finds the value for a server name (SNI). The name itself goes before a wildcard for its first label, and a wildcard before the
/// fallback. Of two values for one name the first counts. The set is filled first and read afterwards.
/// </summary>
public sealed class ServerNames<T>
    where T : class
{
    private readonly Dictionary<string, T> _exact = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, T> _wildcard = new(StringComparer.OrdinalIgnoreCase);
    private T? _fallback;

    /// <param name="hosts">The names, or <c>*.x</c> for one label before <c>x</c>. When there are none, the value is the fallback.</param>
    /// <param name="value">The value that belongs to them.</param>
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

    /// <param name="serverName">The name that the client asks for; empty when it asks for none.</param>
    public T? Find(string serverName)
    {
        if (_exact.TryGetValue(serverName, out var found))
            return found;
        var dot = serverName.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && _wildcard.TryGetValue(serverName[(dot + 1)..], out found) ? found : _fallback;
    }
}
