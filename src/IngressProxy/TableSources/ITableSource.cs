namespace Turnpike.IngressProxy.TableSources;

/// <summary>
/// Where a proxy gets its tables from. A source hands every table to a <see cref="TableApplier"/>, so that good and faulty ones have the
/// same consequences wherever they come from. While a source has no table, or cannot be reached, the last good one stays.
/// </summary>
internal interface ITableSource
{
    /// <summary>Follows the source until cancelled, and completes then. No fault of the source ends it before.</summary>
    Task RunAsync(CancellationToken cancellationToken);
}
