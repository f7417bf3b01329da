using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Turnpike.Api;
using Turnpike.Compiler;
using Turnpike.Routing;

namespace Turnpike.Cli.Explain;

/// <summary>What is wrong with Ingresses, as far as one request is concerned.</summary>
/// <param name="OfThePath">What touches the path that was taken; where none was, what may be why.</param>
/// <param name="Also">What else is wrong with the Ingress that was taken.</param>
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
            // Who asks for this very host in vain is of interest wherever the request went.
            if (diagnostic.Reason == DiagnosticReasons.HostNotPermitted && diagnostic.Message.Contains($": host {host} belongs", StringComparison.Ordinal))
                ofThePath.Add(text);
            else if (origin is null && diagnostic.Severity == DiagnosticSeverity.Error)
                ofThePath.Add(text);
            else if (origin is not null && $"{diagnostic.Subject.Namespace}/{diagnostic.Subject.Name}" == origin.Name)
                (Touches(diagnostic, origin, host, report) ? ofThePath : also).Add(text);
        }
        return new(ofThePath.ToImmutable(), also.ToImmutable());
    }

    /// <summary>By the field that a message begins with: one of another path or of another host's certificate is another request's matter.</summary>
    private static bool Touches(Diagnostic diagnostic, RouteOrigin origin, string host, ExplainReport report)
    {
        // A redirect of a host stands under tls; beside it the default backend is what a reader asks for.
        var own = origin.Kind == Kinds.Ingress && IngressPaths.NumbersOf(origin.Field).Tls == 0 ? origin.Field : IngressPaths.DefaultBackend;
        if (diagnostic.Message.StartsWith("spec.rules[", StringComparison.Ordinal) || diagnostic.Message.StartsWith("spec.defaultBackend", StringComparison.Ordinal))
            return diagnostic.Message.StartsWith(own, StringComparison.Ordinal);
        if (TlsEntry().Match(diagnostic.Message) is not { Success: true } entry)
            return true;
        var index = int.Parse(entry.Groups[1].Value, CultureInfo.InvariantCulture);
        var ingress = report.Source.Snapshot?.Ingresses.FirstOrDefault(i => i.Metadata.ToString() == origin.Name);
        if (ingress is null || index >= ingress.Tls.Length)
            return true;
        var hosts = ingress.Tls[index].Hosts;
        return hosts.IsEmpty ? report.Request.Scheme == "https" : hosts.Any(named => Covers(named, host));
    }

    /// <summary>Whether a name of <c>spec.tls</c> is for a host: itself, or <c>*.x</c> for one label before <c>x</c>.</summary>
    private static bool Covers(string named, string host) =>
        named.Equals(host, StringComparison.OrdinalIgnoreCase)
        || (named.StartsWith("*.", StringComparison.Ordinal) && host.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot && named.AsSpan(1).Equals(host.AsSpan(dot), StringComparison.OrdinalIgnoreCase));

    [GeneratedRegex(@"^spec\.tls\[([0-9]{1,6})\]")]
    private static partial Regex TlsEntry();
}
