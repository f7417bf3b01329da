using Turnpike.Api.Core;
using Turnpike.Api.Ingresses;
using Turnpike.Compiler.Backends;
using Turnpike.Compiler.Model;
using Turnpike.Compiler.Rules;

namespace Turnpike.Compiler.FrontEnds.Ingress;

/// <summary>Finds the routes for the backends that Ingresses name, and reports what is wrong with the backends.</summary>
internal sealed class IngressBackends(BackendIndex backends, RouteBuilder routes, DiagnosticBag diagnostics)
{
    private BackendChecks _checks = new(backends.Authorities, diagnostics);

    /// <summary>Starts with an Ingress, and forgets what was reported for the one before.</summary>
    public void Begin() => _checks = new BackendChecks(backends.Authorities, diagnostics);

    /// <summary>
    /// Returns the routes for a path; null, with the reason in <paramref name="excess"/>, when the namespace has no room for them in the
    /// table.
    /// </summary>
    public RouteSet? RoutesOf(IngressObject ingress, ServedPath served, out string? excess)
    {
        excess = null;
        var (key, ns) = (Keys.Of(ingress), ingress.Metadata.Namespace);
        var (backend, field) = (served.Backend, served.BackendField);
        if (backends.Find(ns, backend.ServiceName) is not { } service)
        {
            diagnostics.Warn(key, DiagnosticReasons.BackendNotFound, $"{field}: namespace {ns} has no service \"{backend.ServiceName}\"; its requests get 503");
        }
        else if (service.Type == BackendIndex.ExternalName)
        {
            diagnostics.Warn(key, DiagnosticReasons.BackendNotFound, $"{field}: service \"{backend.ServiceName}\" is an ExternalName, which is not followed; its requests get 503");
        }
        else if (PortOf(service, backend) is not { } port)
        {
            // The list of ports is cut off because the diagnostic repeats for each path: a service with a thousand ports could make it
            // megabytes.
            var known = service.Ports.Length == 0 ? "none" : string.Join(", ", service.Ports.Take(10).Select(p => p.Name.Length > 0 ? $"{p.Port} ({p.Name})" : $"{p.Port}"));
            if (service.Ports.Length > 10)
                known += $" and {service.Ports.Length - 10} more";
            diagnostics.Warn(key, DiagnosticReasons.BackendNotFound, $"{field}: service \"{backend.ServiceName}\" has no port {(backend.PortName.Length > 0 ? $"\"{backend.PortName}\"" : backend.PortNumber)}; its requests get 503; its ports: {known}");
        }
        else if (!PortProtocol.IsTcp(port))
        {
            diagnostics.Warn(key, DiagnosticReasons.BackendNotHttp, $"{field}: port {port.Port} of service \"{backend.ServiceName}\" is a port of {port.Transport}, and HTTP needs one of TCP; its requests get 503");
        }
        else
        {
            var set = routes.RoutesFor(served.Path, _checks.Of(ingress, service, port, field), out var overTls, out excess);
            if (set is not null && overTls)
                _checks.LeadsToTls(ingress);
            return set;
        }
        return routes.RoutesToNowhere(served.Path, ns, backend.ToString());
    }

    /// <summary>Reports problems that are known only once all backends of an Ingress have been checked.</summary>
    public void End(IngressObject ingress) => _checks.End(ingress);

    private static ServicePort? PortOf(ServiceObject service, IngressBackend backend) => backend.PortName.Length > 0
        ? service.Ports.FirstOrDefault(p => p.Name == backend.PortName)
        // The same number may be a TCP port and a UDP port.
        : service.Ports.FirstOrDefault(p => p.Port == backend.PortNumber && PortProtocol.IsTcp(p)) ?? service.Ports.FirstOrDefault(p => p.Port == backend.PortNumber);
}
