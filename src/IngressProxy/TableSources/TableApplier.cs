using Microsoft.Extensions.Logging;
using Turnpike.Routing;

namespace Turnpike.IngressProxy.TableSources;

/// <summary>
/// Takes the tables of a source. A good one replaces the table of the proxy; one that cannot be used is reported and counted, and the last
/// good one stays. The same fault one time after the other is reported once.
/// </summary>
internal sealed class TableApplier(ProxyServer proxy, ILogger logger)
{
    private (string Source, string Reason)? _lastFault;

    /// <summary>Applies a table. Called by one source, one table after the other.</summary>
    /// <param name="source">Where the table is from, for a message.</param>
    /// <param name="read">Makes the table and hands it to the action, which throws when the proxy cannot use it; returns the table.</param>
    /// <returns>Why the table was refused; null when it was applied.</returns>
    public string? Apply(string source, Func<Action<RouteTable>, RouteTable> read)
    {
        try
        {
            var table = read(proxy.Swap);
            _lastFault = null;
            logger.TableApplied(table.Version, source, table.VirtualHostCount, table.Clusters.All.Length, table.Certificates.Length);
            return null;
        }
        catch (Exception e)
        {
            // A table that cannot be used is refused whatever the reason, an unforeseen one included: the next table may be better.
            Refuse(source, e.Message);
            return e.Message;
        }
    }

    /// <summary>Reports and counts a table that could not even be read.</summary>
    public void Refuse(string source, string reason)
    {
        if (_lastFault == (source, reason))
            return;
        _lastFault = (source, reason);
        logger.TableRefused(source, reason);
        proxy.CountLoadFailure();
    }
}
