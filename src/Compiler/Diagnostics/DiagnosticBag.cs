using System.Collections.Immutable;
using Turnpike.Api;
using Turnpike.Api.Ingresses;
using Turnpike.Api.RouteRules;

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

/// <summary>The kinds that the compiler reads.</summary>
public static class Kinds
{
    public const string Ingress = "Ingress";
    public const string IngressClass = "IngressClass";
    public const string RouteRule = "RouteRule";
    public const string Service = "Service";
    public const string Endpoints = "Endpoints";
    public const string EndpointSlice = "EndpointSlice";
    public const string Pod = "Pod";
    public const string Secret = "Secret";

    /// <summary>A Secret that is watched because an Ingress names it for its <c>ca.crt</c>: it may be one of the certificates as well, and comes and goes by itself.</summary>
    public const string AuthoritySecret = "AuthoritySecret";
    public const string Namespace = "Namespace";
    public const string ConfigMap = "ConfigMap";
}
