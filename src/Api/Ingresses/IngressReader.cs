using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Turnpike.Reading;

namespace Turnpike.Api.Ingresses;

/// <summary>
/// Reads an Ingress of <c>networking.k8s.io/v1</c>, <c>networking.k8s.io/v1beta1</c> or <c>extensions/v1beta1</c>. Unknown fields are
/// ignored, as
/// the API server drops them. Errors have the field paths of the object's own version.
/// </summary>
public static class IngressReader
{
    public const string Kind = "Ingress";

    private const string V1 = "networking.k8s.io/v1";

    private static readonly string[] Versions = [V1, "networking.k8s.io/v1beta1", "extensions/v1beta1"];

    private static readonly string[] PathTypes = [.. Enum.GetNames<IngressPathType>().Order(StringComparer.Ordinal)];

    /// <summary>
    /// Reads and validates an Ingress of our class. <see cref="ReadClass"/> and <see cref="IngressClasses"/> decide that beforehand. An
    /// object without
    /// apiVersion, such as the items of a list response, is one of <c>networking.k8s.io/v1</c>.
    /// </summary>
    public static Decoded<IngressObject> Read(JsonObject raw)
    {
        var findings = new Findings();
        var top = new ObjectReader(findings, raw);
        top.ExpectType(Versions, Kind);
        var version = JsonText.TryString(top.Raw("apiVersion"), out var given) ? given : V1;
        var metadata = ObjectMetaReader.ReadNamed(top);
        RecordAnnotation(findings, metadata);
        findings.Record("", "spec", null);
        if (!top.Has("spec"))
            top.AddError(FieldError.Required("spec", "the backends and rules to serve"));
        // The fields of an unknown version cannot be checked.
        var ingress = Versions.Contains(version) && top.Object("spec") is { } spec
            ? ReadSpec(spec, metadata, old: version != V1)
            : Empty(metadata);
        findings.Validate(IngressValidator.Instance, ingress);
        return findings.Result(ingress);
    }

    /// <summary>
    /// Reads metadata, class and hosts of an Ingress that may be invalid otherwise. This is enough for <see cref="IngressClasses"/>, and to
    /// reserve its
    /// hosts.
    /// </summary>
    public static IngressObject ReadClass(JsonObject raw)
    {
        var top = new ObjectReader(new Findings(), raw);
        var ingress = Empty(ObjectMetaReader.Read(top.Raw("metadata")));
        if (top.Object("spec") is not { } spec)
            return ingress;
        return ingress with
        {
            ClassName = spec.String("ingressClassName"),
            Rules =
            [
                .. spec.Objects("rules").Select(rule => rule.String("host") ?? "").Where(IsHost).Select(host => new IngressRule(host, [])),
            ],
            Tls = [.. spec.Objects("tls").Select(tls => new IngressTls([.. tls.Strings("hosts").Where(IsHost)], null))],
        };
    }

    private static bool IsHost(string text) => Syntax.IngressHost(text) is null;

    private static IngressObject Empty(ObjectMeta metadata) => new(metadata, null, null, [], []);

    private static IngressObject ReadSpec(ObjectReader spec, ObjectMeta metadata, bool old)
    {
        var className = spec.String("ingressClassName", nameof(IngressObject.ClassName));
        var (right, wrong) = old ? ("backend", "defaultBackend") : ("defaultBackend", "backend");
        if (spec.Has(wrong))
            spec.Warn(wrong, $"has no effect: in this version of Ingress the field is called \"{right}\"");
        var defaultBackend = ReadBackend(spec, right, nameof(IngressObject.DefaultBackend), old);
        var tls = spec.Objects("tls", nameof(IngressObject.Tls)).Select(ReadTls).ToImmutableArray();
        var rules = spec.Objects("rules", nameof(IngressObject.Rules)).Select(rule => ReadRule(rule, old)).ToImmutableArray();
        if (rules.IsEmpty && !spec.Has(right) && !spec.Has("rules"))
            spec.AddError(FieldError.Required("spec", $"one of \"{right}\" and \"rules\" is required"));
        return new IngressObject(metadata, className, defaultBackend, tls, rules);
    }

    private static IngressTls ReadTls(ObjectReader tls) =>
        new(tls.Strings("hosts", nameof(IngressTls.Hosts)), tls.String("secretName", nameof(IngressTls.SecretName)));

    private static IngressRule ReadRule(ObjectReader rule, bool old)
    {
        var host = rule.String("host", nameof(IngressRule.Host)) ?? "";
        if (rule.Object("http", "") is not { } http)
            return new IngressRule(host, []);
        var paths = http.Objects("paths", nameof(IngressRule.Paths)).Select(path => ReadPath(path, old)).ToImmutableArray();
        if (paths.IsEmpty && (http.Raw("paths") is null or JsonArray))
            http.AddError(nameof(IngressRule.Paths), FieldError.Required(http.PathOf("paths"), "at least one path"));
        return new IngressRule(host, paths);
    }

    private static IngressPath ReadPath(ObjectReader path, bool old)
    {
        var text = path.String("path", nameof(IngressPath.Path)) ?? "";
        var type = IngressPathType.ImplementationSpecific;
        if (path.String("pathType") is not { } name)
        {
            if (!old && !path.Has("pathType"))
                path.AddError(FieldError.Required(path.PathOf("pathType"), "one of " + string.Join(", ", PathTypes)));
        }
        else if (!PathTypes.Contains(name) || !Enum.TryParse(name, out type))
        {
            path.AddError(FieldError.Unsupported(path.PathOf("pathType"), JsonText.Quote(name), PathTypes));
        }
        var backend = ReadBackend(path, "backend", nameof(IngressPath.Backend), old);
        if (!path.Has("backend"))
            path.AddError(FieldError.Required(path.PathOf("backend"), "the service and port that the path leads to"));
        return new IngressPath(text, type, backend ?? new IngressBackend("", 0, ""));
    }

    private static IngressBackend? ReadBackend(ObjectReader parent, string name, string model, bool old)
    {
        if (parent.Object(name, model) is not { } backend)
            return null;
        if (backend.Has("resource"))
        {
            backend.AddError(FieldError.Forbidden(backend.PathOf("resource"), "only services are supported as backends"));
            return null;
        }
        return old ? ReadOldBackend(backend) : ReadServiceBackend(backend);
    }

    /// <summary>Reads <c>{serviceName: a, servicePort: 80}</c>. A port in quotes is a name, even if it looks like a number.</summary>
    private static IngressBackend ReadOldBackend(ObjectReader backend)
    {
        const string port = "the number or name of a port of the service";
        var hint = backend.Has("service") ? "; \"service\" is the spelling of networking.k8s.io/v1" : "";
        var service = Required(backend, "serviceName", nameof(IngressBackend.ServiceName), "the name of a service" + hint);
        if (JsonText.TryString(backend.Raw("servicePort"), out _))
            return new IngressBackend(service, 0, Required(backend, "servicePort", nameof(IngressBackend.PortName), port));
        if (!backend.Has("servicePort"))
            backend.AddError(FieldError.Required(backend.PathOf("servicePort"), port));
        return new IngressBackend(service, backend.Port("servicePort") ?? 0, "");
    }

    /// <summary>Reads <c>{service: {name: a, port: {number: 80}}}</c>, or <c>name</c> instead of <c>number</c>.</summary>
    private static IngressBackend ReadServiceBackend(ObjectReader backend)
    {
        if (!backend.Has("service"))
        {
            var hint = backend.Has("serviceName") || backend.Has("servicePort")
                ? "; serviceName and servicePort are the spelling of v1beta1: write service: {name: a, port: {number: 80}}"
                : "";
            backend.AddError(FieldError.Required(backend.PathOf("service"), "the service that the requests go to" + hint));
        }
        if (backend.Object("service", "") is not { } service)
            return new IngressBackend("", 0, "");
        var name = Required(service, "name", nameof(IngressBackend.ServiceName), "the name of a service");
        if (!service.Has("port"))
            service.AddError(FieldError.Required(service.PathOf("port"), "the number or name of a port of the service"));
        if (service.Object("port", "") is not { } port)
            return new IngressBackend(name, 0, "");
        var number = port.Port("number");
        var portName = port.Has("name") ? Required(port, "name", nameof(IngressBackend.PortName), "the name of a port of the service") : "";
        if (port.Has("number") && port.Has("name"))
            port.AddError(FieldError.Forbidden(port.PathOf("name"), "may not be given together with \"number\""));
        else if (!port.Has("number") && !port.Has("name"))
            port.AddError(FieldError.Required(service.PathOf("port"), "one of \"number\" and \"name\" is required"));
        return new IngressBackend(name, number ?? 0, portName);
    }

    private static string Required(ObjectReader reader, string name, string model, string detail)
    {
        var text = reader.String(name, model);
        if (text is "" || (text is null && !reader.Has(name)))
            reader.AddError(FieldError.Required(reader.PathOf(name), detail));
        return text ?? "";
    }

    private static void RecordAnnotation(Findings findings, ObjectMeta metadata)
    {
        const string annotations = $"{nameof(IngressObject.Metadata)}.{nameof(ObjectMeta.Annotations)}";
        findings.Record(nameof(IngressObject.Metadata), "metadata", null);
        findings.Record(annotations, "metadata.annotations", null);
        foreach (var name in Names.IngressAnnotations)
        {
            if (metadata.Annotations.TryGetValue(name, out var value))
                findings.Record(FieldPath.Key(annotations, name), FieldPath.Key("metadata.annotations", name), value);
        }
    }
}
