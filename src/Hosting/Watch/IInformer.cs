using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Watch;

/// <summary>An informer of any kind, for readiness checks and controllers.</summary>
public interface IInformer
{
    ResourceRef Resource { get; }

    /// <summary>Completes when the first list is in the cache and the handlers have been called for it.</summary>
    Task Synced { get; }

    /// <summary>When the API server last sent anything about this kind; null before the first list.</summary>
    DateTimeOffset? LastContact { get; }

    /// <summary>Lists and watches until it is cancelled, then returns.</summary>
    Task RunAsync(CancellationToken ct);
}
