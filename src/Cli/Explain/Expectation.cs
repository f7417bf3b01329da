using System.Globalization;

namespace Turnpike.Cli.Explain;

/// <summary>What a request is expected to get, so that a pipeline fails where it does not.</summary>
/// <param name="Status">What the client gets; 200 stands for the response of an endpoint, which nobody knows beforehand. Null expects nothing.</param>
/// <param name="Backend"><c>namespace/service</c> or <c>namespace/service:port</c>, all of the request's targets. Null expects nothing.</param>
internal sealed record Expectation(int? Status, string? Backend)
{
    private const int Endpoint = 200;

    /// <summary>Why a report is another than was expected; empty where it is as expected.</summary>
    public IEnumerable<string> FaultsOf(ExplainReport report)
    {
        var isAnswered = report.Status is null && report.Targets.Length > 0;
        if (Status is { } status && (status == Endpoint ? !isAnswered && report.Status != Endpoint : report.Status != status))
            yield return string.Create(CultureInfo.InvariantCulture, $"--expect {status}: the answer is {report.Outcome}");
        if (Backend is not { } backend)
            yield break;
        var others = report.Targets.Select(target => target.Cluster).Where(cluster => !Is(cluster, backend)).ToList();
        if (report.Targets.IsEmpty)
            yield return $"--expect-backend {backend}: no service is asked: the answer is {report.Outcome}";
        else if (others.Count > 0)
            yield return $"--expect-backend {backend}: the request goes to {string.Join(" and ", others)}";
    }

    /// <summary>A cluster is named after its service, port and labels: <c>default/reviews:9080</c>, and more for a version of it.</summary>
    private static bool Is(string cluster, string backend) =>
        cluster.StartsWith(backend, StringComparison.Ordinal) && (cluster.Length == backend.Length || !(char.IsAsciiLetterOrDigit(cluster[backend.Length]) || cluster[backend.Length] is '-' or '.'));
}
