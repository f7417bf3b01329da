using Turnpike.Api;
using Turnpike.Api.Core;
using Turnpike.Api.Ingresses;
using Turnpike.Compiler.Backends;
using Turnpike.Reading;

namespace Turnpike.Compiler.FrontEnds.Ingress;

/// <summary>
/// Reports problems between an Ingress and its backends. Each problem is reported once for each port, however many paths lead to it.
/// </summary>
internal sealed class BackendChecks(BackendAuthorities authorities, DiagnosticBag diagnostics)
{
    private readonly HashSet<(ObjectKey Ingress, string Service, int Port)> _told = [];
    private readonly Dictionary<ObjectKey, bool> _anyTls = [];

    /// <summary>
    /// Returns a port of a service with the settings of the Ingress, and reports what is wrong with it. Reporting does not change the
    /// backend.
    /// </summary>
    public Backend Of(IngressObject ingress, ServiceObject service, ServicePort port, string field)
    {
        var key = Keys.Of(ingress);
        var backend = new Backend(service, port, OptionsOf(ingress));
        _anyTls[key] = _anyTls.GetValueOrDefault(key) || backend.Protocol.Tls;
        if (!_told.Add((key, service.Metadata.Name, port.Port)))
            return backend;
        if (backend.Protocol.Unknown is { } unknown)
            diagnostics.Warn(key, DiagnosticReasons.NoEffect, $"{field}: appProtocol {FieldError.Quote(unknown)} of port {port.Port} of service \"{service.Metadata.Name}\" is not known here and says nothing; {Spoken(backend)} is spoken; known are http, https, http2, h2c, grpc, kubernetes.io/h2c, kubernetes.io/ws and kubernetes.io/wss");
        if (backend.Protocol.Ignored is { } ignored)
            diagnostics.Warn(key, DiagnosticReasons.NoEffect, $"{At(Names.BackendProtocolAnnotation)}: {FieldError.Quote(ingress.Metadata.Annotations[Names.BackendProtocolAnnotation])} does not hold for service \"{service.Metadata.Name}\", whose {ignored}; {Spoken(backend)} is spoken");
        if (backend is { Protocol.Tls: true, Options.Authority: null })
            diagnostics.Warn(key, DiagnosticReasons.BackendNotVerified, $"{field}: {backend.NotVerified}");
        return backend;
    }

    /// <summary>Records that requests of the Ingress are sent over TLS, even if only because of a rule.</summary>
    public void LeadsToTls(IngressObject ingress) => _anyTls[Keys.Of(ingress)] = true;

    /// <summary>Reports problems that are known only once all backends of an Ingress have been checked.</summary>
    public void End(IngressObject ingress)
    {
        var key = Keys.Of(ingress);
        if (!_anyTls.TryGetValue(key, out var anyTls))
            return;
        var annotations = ingress.Metadata.Annotations;
        foreach (var name in (ReadOnlySpan<string>)[Names.BackendCaAnnotation, Names.BackendServerNameAnnotation])
        {
            if (!anyTls && annotations.ContainsKey(name))
                diagnostics.Warn(key, DiagnosticReasons.NoEffect, $"{At(name)}: has no effect, because no backend of the Ingress speaks TLS; {Names.BackendProtocolAnnotation}: HTTPS makes them do so");
        }
        if (!anyTls || BackendSettings.Of(ingress).AuthoritySecret is not { } secret || authorities.Problem(ingress.Metadata.Namespace, secret) is not { } problem)
            return;
        var consequence = problem.Severity == DiagnosticSeverity.Error || problem.Reason == DiagnosticReasons.SecretNotRead ? "; nothing is sent to what it cannot verify, those requests get 503" : "";
        var text = $"{At(Names.BackendCaAnnotation)}: {problem.Text}{consequence}";
        if (problem.Severity == DiagnosticSeverity.Error)
            diagnostics.Error(key, problem.Reason, text);
        else
            diagnostics.Warn(key, problem.Reason, text);
    }

    private static BackendOptions OptionsOf(IngressObject ingress)
    {
        var settings = BackendSettings.Of(ingress);
        return new BackendOptions(settings.Protocol, settings.AuthoritySecret is { } secret ? $"{ingress.Metadata.Namespace}/{secret}" : null, settings.ServerName);
    }

    private static string Spoken(Backend backend) =>
        (backend.Protocol.Protocol == Routing.UpstreamProtocol.Http2 ? "HTTP/2" : "HTTP/1.1") + (backend.Protocol.Tls ? " over TLS" : "");

    private static string At(string annotation) => $"metadata.annotations[{annotation}]";
}
