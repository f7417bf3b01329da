using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>Takes note of each request when it ends.</summary>
internal interface IRequestLog
{
    /// <summary>Returns at once and never fails: a request does not wait for its line.</summary>
    void Add(Exchange exchange, RouteOrigin? origin, string? rule, bool clientGone, TimeSpan elapsed);
}
