using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace Turnpike.Bench.ControlPlane;

/// <summary>
/// The objects of a large cluster, as JSON. Each namespace holds 10 Services with 50 pods each in one EndpointSlice, 10 Ingresses for each
/// Service with a host of its own and two paths, and 5 RouteRules for each Service. Every other Ingress lists its host under tls.
/// </summary>
internal sealed class LargeCluster(int namespaces)
{
    public const int ServicesPerNamespace = 10;
    public const int EndpointsPerService = 50;
    public const int IngressesPerService = 10;
    public const int RulesPerService = 5;

    public int Namespaces => namespaces;

    public int Services => namespaces * ServicesPerNamespace;

    public IEnumerable<JsonObject> Objects()
    {
        var (certificate, key) = Certificate();
        yield return new JsonObject
        {
            ["apiVersion"] = "networking.k8s.io/v1",
            ["kind"] = "IngressClass",
            ["metadata"] = Metadata("", "istio", "1"),
            ["spec"] = new JsonObject { ["controller"] = Api.Names.IngressController },
        };
        for (var n = 0; n < namespaces; n++)
        {
            var ns = NamespaceOf(n);
            yield return new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = Metadata("", ns, "1") };
            yield return new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Secret",
                ["metadata"] = Metadata(ns, "certificate", "1"),
                ["type"] = "kubernetes.io/tls",
                ["data"] = new JsonObject { ["tls.crt"] = certificate, ["tls.key"] = key },
            };
            for (var s = 0; s < ServicesPerNamespace; s++)
            {
                yield return Service(ns, s);
                yield return Slice(ns, s, -1, "1");
                for (var e = 0; e < EndpointsPerService; e++)
                    yield return Pod(ns, s, e, AddressOf(n, s, e));
                for (var i = 0; i < IngressesPerService; i++)
                    yield return Ingress(ns, s, i, s, "1");
                for (var r = 0; r < RulesPerService; r++)
                    yield return Rule(ns, s, r, 15, "1");
            }
        }
    }

    public static string NamespaceOf(int n) => Text($"team-{n:d3}");

    public static string PodName(int service, int endpoint) => Text($"service-{service}-{endpoint:d2}-5d8f9c7b6d-x{endpoint:d4}");

    /// <summary>An EndpointSlice of a Service.</summary>
    /// <param name="replaced">The endpoint whose pod is replaced by one with another name and address; -1 for none.</param>
    public static JsonObject Slice(string ns, int service, int replaced, string version)
    {
        var n = int.Parse(ns[5..], CultureInfo.InvariantCulture);
        var endpoints = new JsonArray();
        for (var e = 0; e < EndpointsPerService; e++)
        {
            var (pod, address) = e == replaced
                ? (ReplacementName(service), ReplacementAddress(n, service))
                : (PodName(service, e), AddressOf(n, service, e));
            endpoints.Add(new JsonObject
            {
                ["addresses"] = new JsonArray(address),
                ["conditions"] = new JsonObject { ["ready"] = true, ["serving"] = true, ["terminating"] = false },
                ["nodeName"] = Text($"node-{e}"),
                ["zone"] = "zone-a",
                ["targetRef"] = new JsonObject
                {
                    ["kind"] = "Pod",
                    ["name"] = pod,
                    ["namespace"] = ns,
                    ["uid"] = Text($"00000000-0000-0000-0000-{e:d12}"),
                },
            });
        }
        var metadata = Metadata(ns, Text($"service-{service}-abcde"), version);
        metadata["labels"] = new JsonObject { ["kubernetes.io/service-name"] = Text($"service-{service}") };
        return new JsonObject
        {
            ["apiVersion"] = "discovery.k8s.io/v1",
            ["kind"] = "EndpointSlice",
            ["metadata"] = metadata,
            ["addressType"] = "IPv4",
            ["endpoints"] = endpoints,
            ["ports"] = new JsonArray(new JsonObject { ["name"] = "http", ["port"] = 8080, ["protocol"] = "TCP" }),
        };
    }

    public static string ReplacementName(int service) => Text($"service-{service}-99-5d8f9c7b6d-x9999");

    public static string ReplacementAddress(int n, int service) => Text($"10.{200 + (n / 256)}.{n % 256}.{service}");

    public static string AddressOf(int n, int service, int endpoint)
    {
        var block = (n * ServicesPerNamespace) + service;
        return Text($"10.{block / 256}.{block % 256}.{endpoint + 1}");
    }

    public static JsonObject Pod(string ns, int service, int endpoint, string address) =>
        Pod(ns, service, PodName(service, endpoint), address, endpoint % 2 == 0 ? "v1" : "v2");

    public static JsonObject Pod(string ns, int service, string name, string address, string version)
    {
        var metadata = Metadata(ns, name, "1");
        metadata["labels"] = new JsonObject
        {
            ["app"] = Text($"service-{service}"),
            ["version"] = version,
            ["pod-template-hash"] = "5d8f9c7b6d",
        };
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = metadata,
            ["spec"] = new JsonObject
            {
                ["containers"] = new JsonArray(new JsonObject { ["name"] = "app", ["image"] = "registry.example/app:1.2.3" }),
            },
            ["status"] = new JsonObject
            {
                ["phase"] = "Running",
                ["podIP"] = address,
                ["podIPs"] = new JsonArray(new JsonObject { ["ip"] = address }),
                ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = "True" }),
            },
        };
    }

    /// <summary>An Ingress with a host of its own and two paths.</summary>
    /// <param name="target">The Service that the second path leads to.</param>
    public static JsonObject Ingress(string ns, int service, int ingress, int target, string version)
    {
        var host = Text($"app-{service}-{ingress}.{ns}.example.com");
        var spec = new JsonObject
        {
            ["ingressClassName"] = "istio",
            ["rules"] = new JsonArray(new JsonObject
            {
                ["host"] = host,
                ["http"] = new JsonObject { ["paths"] = new JsonArray(Path("/", service), Path("/api", target)) },
            }),
        };
        if (ingress % 2 == 0)
            spec["tls"] = new JsonArray(new JsonObject { ["hosts"] = new JsonArray(host), ["secretName"] = "certificate" });
        return new JsonObject
        {
            ["apiVersion"] = "networking.k8s.io/v1",
            ["kind"] = "Ingress",
            ["metadata"] = Metadata(ns, Text($"app-{service}-{ingress}"), version),
            ["spec"] = spec,
        };

        static JsonObject Path(string path, int service) => new()
        {
            ["path"] = path,
            ["pathType"] = "Prefix",
            ["backend"] = new JsonObject
            {
                ["service"] = new JsonObject { ["name"] = Text($"service-{service}"), ["port"] = new JsonObject { ["name"] = "http" } },
            },
        };
    }

    /// <summary>A RouteRule: of the five of a Service one splits by version, the others match a header, a path or both.</summary>
    public static JsonObject Rule(string ns, int service, int rule, int seconds, string version)
    {
        var spec = new JsonObject
        {
            ["destination"] = new JsonObject { ["name"] = Text($"service-{service}") },
            ["precedence"] = rule,
            ["httpReqTimeout"] = new JsonObject { ["simpleTimeout"] = new JsonObject { ["timeout"] = Text($"{seconds}s") } },
        };
        if (rule == 0)
        {
            spec["route"] = new JsonArray(
                new JsonObject { ["labels"] = new JsonObject { ["version"] = "v1" }, ["weight"] = 90 },
                new JsonObject { ["labels"] = new JsonObject { ["version"] = "v2" }, ["weight"] = 10 });
        }
        else
        {
            var headers = new JsonObject();
            if (rule % 2 == 1)
                headers["x-user"] = new JsonObject { ["exact"] = Text($"user-{rule}") };
            if (rule >= 2)
                headers["uri"] = new JsonObject { ["prefix"] = Text($"/api/{rule}") };
            spec["match"] = new JsonObject { ["request"] = new JsonObject { ["headers"] = headers } };
        }
        return new JsonObject
        {
            ["apiVersion"] = $"{Api.Names.Group}/{Api.Names.Version}",
            ["kind"] = "RouteRule",
            ["metadata"] = Metadata(ns, Text($"service-{service}-{rule}"), version),
            ["spec"] = spec,
        };
    }

    private static JsonObject Service(string ns, int service) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Service",
        ["metadata"] = Metadata(ns, Text($"service-{service}"), "1"),
        ["spec"] = new JsonObject
        {
            ["type"] = "ClusterIP",
            ["clusterIP"] = Text($"172.16.{int.Parse(ns[5..], CultureInfo.InvariantCulture) % 256}.{service + 1}"),
            ["ports"] = new JsonArray(new JsonObject { ["name"] = "http", ["port"] = 80, ["protocol"] = "TCP", ["targetPort"] = 8080 }),
        },
    };

    private static JsonObject Metadata(string ns, string name, string version)
    {
        var metadata = new JsonObject
        {
            ["name"] = name,
            ["uid"] = Text($"{ns}-{name}"),
            ["resourceVersion"] = version,
            ["generation"] = 1,
            ["creationTimestamp"] = "2026-01-01T00:00:00Z",
        };
        if (ns.Length > 0)
            metadata["namespace"] = ns;
        return metadata;
    }

    private static (string Certificate, string Key) Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=*.example.com", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now, now.AddDays(1));
        static string Encoded(string pem) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(pem));
        return (Encoded(certificate.ExportCertificatePem()), Encoded(key.ExportPkcs8PrivateKeyPem()));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
