using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Watch;

/// <summary>An informer of any kind, as readiness checks and controllers see it.</summary>
public interface IInformer
{
    ResourceRef Resource { get; }

    /// <summary>Completes when the first list is in the cache and its handlers have been told.</summary>
    Task Synced { get; }

    /// <summary>When the API server last said anything about this kind; null before the first list.</summary>
    DateTimeOffset? LastContact { get; }

    /// <summary>Lists and watches until cancelled; then returns.</summary>
    Task RunAsync(CancellationToken ct);
}
