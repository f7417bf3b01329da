using Turnpike.Api;
using Turnpike.Api.Ingresses;
using Turnpike.Api.RouteRules;
using Turnpike.Compiler.Incremental;
using Turnpike.Reading;

namespace Turnpike.Compiler;

/// <summary>Records diagnostics for the unit that is being compiled.</summary>
internal sealed class DiagnosticBag(Unit.Recorder recorder)
{
    /// <param name="key">The object that the message is about.</param>
    /// <param name="reason">One of <see cref="DiagnosticReasons"/>.</param>
    /// <param name="message">One sentence that names the field.</param>
    /// <param name="admin">
    /// The message with details that the namespace of the object may not know, see <see cref="Diagnostic.AdminMessage"/>.
    /// </param>
    public void Error(ObjectKey key, string reason, string message, string? admin = null) =>
        recorder.Add(new Diagnostic(key, DiagnosticSeverity.Error, reason, message) { AdminMessage = admin });

    /// <inheritdoc cref="Error"/>
    public void Warn(ObjectKey key, string reason, string message, string? admin = null) =>
        recorder.Add(new Diagnostic(key, DiagnosticSeverity.Warning, reason, message) { AdminMessage = admin });
}

internal static class Keys
{
    public static ObjectKey Of(IngressObject ingress) => new(Kinds.Ingress, ingress.Metadata.Namespace, ingress.Metadata.Name);

    public static ObjectKey Of(RouteRule rule) => new(Kinds.RouteRule, rule.Metadata.Namespace, rule.Metadata.Name);
}
