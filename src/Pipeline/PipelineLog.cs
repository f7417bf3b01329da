using Microsoft.Extensions.Logging;

namespace Turnpike.Pipeline;

/// <summary>The log lines of the pipeline. The numbers of events are shared with those of the proxy.</summary>
internal static partial class PipelineLog
{
    [LoggerMessage(20, LogLevel.Error, "a request failed in the proxy itself (ingress '{Ingress}', rule '{Rule}')")]
    public static partial void RequestFailed(this ILogger logger, Exception exception, string? ingress, string? rule);
}
