using System.Globalization;

namespace Turnpike.Cli.Explain;

/// <summary>The expected result of a request, with which a CI pipeline fails if it is not met.</summary>
/// <param name="Status">The status of the response; 200 stands for the response of an endpoint, whose status is not known. Null expects
/// nothing.</param>
/// <param name="Backend">The service of all targets: <c>namespace/service</c> or <c>namespace/service:port</c>. Null expects
/// nothing.</param>
internal sealed record Expectation(int? Status, string? Backend)
{
    private const int Endpoint = 200;

    /// <summary>Returns the differences between a report and the expectation; none if it is met.</summary>
    public IEnumerable<string> FaultsOf(ExplainReport report)
    {
        var isAnswered = report.Status is null && report.Targets.Length > 0;
        if (Status is { } status && (status == Endpoint ? !isAnswered && report.Status != Endpoint : report.Status != status))
            yield return string.Create(CultureInfo.InvariantCulture, $"--expect {status}: the response is {report.Outcome}");
        if (Backend is not { } backend)
            yield break;
        var others = report.Targets.Select(target => target.Cluster).Where(cluster => !Is(cluster, backend)).ToList();
        if (report.Targets.IsEmpty)
            yield return $"--expect-backend {backend}: the request goes to no service: the response is {report.Outcome}";
        else if (others.Count > 0)
            yield return $"--expect-backend {backend}: the request goes to {string.Join(" and ", others)}";
    }

    /// <summary>
    /// Returns true when a cluster belongs to the service. Its name is that of service and port, followed by labels if it is a subset.
    /// </summary>
    private static bool Is(string cluster, string backend)
    {
        if (!cluster.StartsWith(backend, StringComparison.Ordinal))
            return false;
        return cluster.Length == backend.Length
            || !(char.IsAsciiLetterOrDigit(cluster[backend.Length]) || cluster[backend.Length] is '-' or '.');
    }
}
