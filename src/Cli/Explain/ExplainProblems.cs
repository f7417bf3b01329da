using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Turnpike.Api;
using Turnpike.Compiler;
using Turnpike.Routing;

namespace Turnpike.Cli.Explain;

/// <summary>The problems of Ingresses that concern one request.</summary>
/// <param name="OfThePath">The problems of the matching path; if none matches, those that may be the reason.</param>
/// <param name="Also">The other problems of the matching Ingress.</param>
internal sealed partial record ExplainProblems(ImmutableArray<string> OfThePath, ImmutableArray<string> Also)
{
    public static ExplainProblems Of(ExplainReport report)
    {
        var (ofThePath, also) = (ImmutableArray.CreateBuilder<string>(), ImmutableArray.CreateBuilder<string>());
        var request = report.Request;
        var host = VirtualHostSet.HostOf(request.Authority).ToLowerInvariant();
        var origin = report.Way.Entry?.Origin;
        foreach (var diagnostic in report.Source.Diagnostics.Where(d => d.Subject.Kind == Kinds.Ingress))
        {
            var text = $"Ingress {diagnostic.Subject.Namespace}/{diagnostic.Subject.Name}: {diagnostic.AdminMessage ?? diagnostic.Message}";
            // An Ingress that may not serve this host is always of interest.
            if (diagnostic.Reason == DiagnosticReasons.HostNotPermitted
                && diagnostic.Message.Contains($": host {host} belongs", StringComparison.Ordinal))
            {
                ofThePath.Add(text);
            }
            else if (origin is null && diagnostic.Severity == DiagnosticSeverity.Error)
            {
                ofThePath.Add(text);
            }
            else if (origin is not null && $"{diagnostic.Subject.Namespace}/{diagnostic.Subject.Name}" == origin.Name)
            {
                (Touches(diagnostic, origin, host, report) ? ofThePath : also).Add(text);
            }
        }
        return new(ofThePath.ToImmutable(), also.ToImmutable());
    }

    /// <summary>
    /// Returns false for a message about another path or about the certificate of another host, judging by the field that it begins with.
    /// </summary>
    private static bool Touches(Diagnostic diagnostic, RouteOrigin origin, string host, ExplainReport report)
    {
        // The redirect of a host originates in an entry of tls. There the default backend is the field of interest.
        var isPath = origin.Kind == Kinds.Ingress && IngressPaths.NumbersOf(origin.Field).Tls == 0;
        var own = isPath ? origin.Field : IngressPaths.DefaultBackend;
        if (diagnostic.Message.StartsWith("spec.rules[", StringComparison.Ordinal)
            || diagnostic.Message.StartsWith("spec.defaultBackend", StringComparison.Ordinal))
        {
            return diagnostic.Message.StartsWith(own, StringComparison.Ordinal);
        }
        if (TlsEntry().Match(diagnostic.Message) is not { Success: true } entry)
            return true;
        var index = int.Parse(entry.Groups[1].Value, CultureInfo.InvariantCulture);
        var ingress = report.Source.Snapshot?.Ingresses.FirstOrDefault(i => i.Metadata.ToString() == origin.Name);
        if (ingress is null || index >= ingress.Tls.Length)
            return true;
        var hosts = ingress.Tls[index].Hosts;
        return hosts.IsEmpty ? report.Request.Scheme == "https" : hosts.Any(named => Covers(named, host));
    }

    /// <summary>
    /// Returns true when a name of <c>spec.tls</c> covers a host: the same name, or <c>*.x</c> for one label before <c>x</c>.
    /// </summary>
    private static bool Covers(string named, string host) =>
        named.Equals(host, StringComparison.OrdinalIgnoreCase)
        || (named.StartsWith("*.", StringComparison.Ordinal)
            && host.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot
            && named.AsSpan(1).Equals(host.AsSpan(dot), StringComparison.OrdinalIgnoreCase));

    [GeneratedRegex(@"^spec\.tls\[([0-9]{1,6})\]")]
    private static partial Regex TlsEntry();
}
