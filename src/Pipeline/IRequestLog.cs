using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>Records each request when it has ended.</summary>
internal interface IRequestLog
{
    /// <summary>Records a request. It returns at once and never fails, since no request waits for its line.</summary>
    void Add(Exchange exchange, RouteOrigin? origin, string? rule, bool clientGone, TimeSpan elapsed);
}
