using System.Collections.Immutable;
using Turnpike.Api;
using Turnpike.Api.Ingresses;
using Turnpike.Api.RouteRules;
using Turnpike.Reading;

namespace Turnpike.Compiler;

/// <summary>Collects diagnostics; the same one is kept once, however many hosts or paths bring it up.</summary>
internal sealed class DiagnosticBag
{
    private readonly SortedSet<Diagnostic> _all = new(Comparer<Diagnostic>.Create(Diagnostic.Compare));

    /// <param name="admin">The message with what the object's own namespace may not know, see <see cref="Diagnostic.AdminMessage"/>.</param>
    public void Error(ObjectKey key, string reason, string message, string? admin = null) =>
        _all.Add(new(key, DiagnosticSeverity.Error, reason, message) { AdminMessage = admin });

    /// <inheritdoc cref="Error"/>
    public void Warn(ObjectKey key, string reason, string message, string? admin = null) =>
        _all.Add(new(key, DiagnosticSeverity.Warning, reason, message) { AdminMessage = admin });

    public ImmutableArray<Diagnostic> ToImmutable() => [.. _all];
}

internal static class Keys
{
    public static ObjectKey Of(IngressObject ingress) => new(Kinds.Ingress, ingress.Metadata.Namespace, ingress.Metadata.Name);

    public static ObjectKey Of(RouteRule rule) => new(Kinds.RouteRule, rule.Metadata.Namespace, rule.Metadata.Name);
}
