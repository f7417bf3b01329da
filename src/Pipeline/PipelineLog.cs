using Microsoft.Extensions.Logging;

namespace Turnpike.Pipeline;

/// <summary>Everything that the pipeline logs. The numbers of events are shared with the proxy's own.</summary>
internal static partial class PipelineLog
{
    [LoggerMessage(20, LogLevel.Error, "a request failed in the proxy itself (ingress '{Ingress}', rule '{Rule}')")]
    public static partial void RequestFailed(this ILogger logger, Exception exception, string? ingress, string? rule);
}
