using System.Globalization;
using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Reading;

namespace Turnpike.Tests.Compiler;

/// <summary>Objects of a small cluster, and random changes of them. The same seed gives the same changes.</summary>
internal sealed class ChangingCluster(int seed)
{
    private static readonly string[] Namespaces = ["a", "b", "c"];
    private static readonly string[] Services = ["web", "api", "tls"];
    private static readonly string[] Hosts = ["web.example.com", "api.example.com", "*.example.com", "x.other.org", ""];
    private static readonly string[] Paths = ["/", "/api", "/api/v1", "/web.*"];

    private readonly Random _random = new(seed);

    public int Next(int limit) => _random.Next(limit);

    /// <summary>A cluster in which each kind of object is there, and each object has its meaning.</summary>
    public static void Fill(Action<JsonObject> put)
    {
        put(Mesh(""));
        foreach (var ns in Namespaces)
        {
            put(Namespace(ns, null, null));
            foreach (var service in Services)
            {
                put(Service(ns, service, 80));
                put(Slice(ns, service, ["10.0.0.1", "10.0.0.2"]));
                put(Pod(ns, $"{service}-1", "10.0.0.1", "v1"));
                put(Pod(ns, $"{service}-2", "10.0.0.2", "v2"));
                put(Ingress(ns, $"i-{service}", $"{service}{(ns == "a" ? "" : "." + ns)}.example.com", ["/"], service, tls: false));
                put(Rule(ns, "r1", "web", 5));
            }
        }
    }

    /// <summary>Changes one object.</summary>
    public void Change(Action<JsonObject> put, Action<ObjectKey> remove)
    {
        var (ns, service) = (One(Namespaces), One(Services));
        switch (Next(14))
        {
            case 0 or 1 or 2:
                var name = $"i{Next(4)}";
                if (Next(4) == 0)
                    remove(new ObjectKey(Kinds.Ingress, ns, name));
                else
                    put(AnyIngress(ns, name));
                break;
            case 3 or 4 or 5:
                var rule = $"r{Next(4)}";
                if (Next(4) == 0)
                    remove(new ObjectKey(Kinds.RouteRule, ns, rule));
                else
                    put(AnyRule(ns, rule));
                break;
            case 6 or 7:
                if (Next(5) == 0)
                    remove(new ObjectKey(Kinds.EndpointSlice, ns, service));
                else
                    put(Slice(ns, service, [.. Enumerable.Range(1, 6).Where(_ => Next(2) == 0).Select(Address)]));
                break;
            case 8 or 9:
                var number = 1 + Next(4);
                if (Next(4) == 0)
                    remove(new ObjectKey(Kinds.Pod, ns, $"{service}-{number}"));
                else
                    put(Pod(ns, $"{service}-{number}", Address(1 + Next(6)), Next(2) == 0 ? "v1" : "v2"));
                break;
            case 10:
                if (Next(4) == 0)
                    remove(new ObjectKey(Kinds.Service, ns, service));
                else
                    put(Service(ns, service, Next(4) == 0 ? 81 : 80));
                break;
            case 11:
                if (Next(3) == 0)
                    remove(new ObjectKey(Kinds.Secret, ns, "certificate"));
                else
                    put(Certificate(ns));
                break;
            case 12:
                put(Namespace(ns, Next(2) == 0 ? One(Namespaces) : null, Next(2) == 0 ? "*" : null));
                break;
            default:
                put(Authority(ns, Next(2) == 0));
                break;
        }
    }

    public static JsonObject Mesh(string setting) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = Metadata("istio-system", "istio"),
        ["data"] = new JsonObject { ["mesh"] = $"anyHostNamespaces: [a, b]\n{setting}\n" },
    };

    public static JsonObject Record(string ns, string hosts, string paths)
    {
        var metadata = Metadata("istio-system", $"hosts-{ns}");
        metadata["labels"] = new JsonObject { [Names.HostRecordLabel] = ns };
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = metadata,
            ["data"] = new JsonObject { [Names.HostRecordHostsKey] = hosts, [Names.HostRecordPathsKey] = paths },
        };
    }

    public static JsonObject Pod(string ns, string name, string address, string version)
    {
        var metadata = Metadata(ns, name);
        metadata["labels"] = new JsonObject { ["version"] = version };
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = metadata,
            ["status"] = new JsonObject { ["phase"] = "Running", ["podIPs"] = new JsonArray(new JsonObject { ["ip"] = address }) },
        };
    }

    public static JsonObject Slice(string ns, string service, string[] addresses)
    {
        var metadata = Metadata(ns, service);
        metadata["labels"] = new JsonObject { [Names.EndpointSliceServiceLabel] = service };
        return new JsonObject
        {
            ["apiVersion"] = "discovery.k8s.io/v1",
            ["kind"] = "EndpointSlice",
            ["metadata"] = metadata,
            ["addressType"] = "IPv4",
            ["endpoints"] = new JsonArray([.. addresses.Select(a => (JsonNode)new JsonObject { ["addresses"] = new JsonArray(a) })]),
            ["ports"] = new JsonArray(new JsonObject { ["name"] = "http", ["port"] = 8080 }),
        };
    }

    public static JsonObject Ingress(string ns, string name, string host, string[] paths, string service, bool tls)
    {
        var rule = new JsonObject
        {
            ["http"] = new JsonObject
            {
                ["paths"] = new JsonArray([.. paths.Select(p => (JsonNode)new JsonObject
                {
                    ["path"] = p,
                    ["pathType"] = p.EndsWith(".*", StringComparison.Ordinal) ? "ImplementationSpecific" : "Prefix",
                    ["backend"] = Backend(service, "http"),
                })]),
            },
        };
        if (host.Length > 0)
            rule["host"] = host;
        var spec = new JsonObject { ["rules"] = new JsonArray(rule) };
        if (tls)
        {
            var hosts = host.Length > 0 ? new JsonArray(host) : [];
            spec["tls"] = new JsonArray(new JsonObject { ["secretName"] = "certificate", ["hosts"] = hosts });
        }
        var metadata = Metadata(ns, name);
        metadata["annotations"] = new JsonObject { [Names.IngressClassAnnotation] = "istio" };
        return new JsonObject
        {
            ["apiVersion"] = "networking.k8s.io/v1",
            ["kind"] = "Ingress",
            ["metadata"] = metadata,
            ["spec"] = spec,
        };
    }

    public static JsonObject Rule(string ns, string name, string service, int seconds) => new()
    {
        ["apiVersion"] = "config.istio.io/v1alpha2",
        ["kind"] = "RouteRule",
        ["metadata"] = Metadata(ns, name),
        ["spec"] = new JsonObject
        {
            ["destination"] = new JsonObject { ["name"] = service },
            ["httpReqTimeout"] = new JsonObject
            {
                ["simpleTimeout"] = new JsonObject { ["timeout"] = string.Create(CultureInfo.InvariantCulture, $"{seconds}s") },
            },
        },
    };

    private static JsonObject Service(string ns, string name, int port)
    {
        var of = new JsonObject { ["name"] = "http", ["port"] = port, ["protocol"] = "TCP" };
        if (name == "tls")
            of["appProtocol"] = "https";
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Service",
            ["metadata"] = Metadata(ns, name),
            ["spec"] = new JsonObject { ["ports"] = new JsonArray(of) },
        };
    }

    private static JsonObject Namespace(string name, string? admitsRulesOf, string? sharesHostsWith)
    {
        var metadata = Metadata("", name);
        var annotations = new JsonObject();
        if (admitsRulesOf is not null)
            annotations[Names.AllowRulesFromAnnotation] = admitsRulesOf;
        if (sharesHostsWith is not null)
            annotations[Names.ShareHostWithAnnotation] = sharesHostsWith;
        metadata["annotations"] = annotations;
        return new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = metadata };
    }

    private JsonObject AnyIngress(string ns, string name)
    {
        var raw = Ingress(ns, name, One(Hosts), [.. Paths.Where(_ => Next(2) == 0).DefaultIfEmpty("/")], One(Services), Next(2) == 0);
        if (Next(4) == 0)
            raw["spec"]!["defaultBackend"] = Backend(One(Services), Next(3) == 0 ? "none" : "http");
        var annotations = raw["metadata"]!["annotations"]!.AsObject();
        if (Next(5) == 0)
            annotations[Names.HttpAnnotation] = One(["redirect", "allow", "none"]);
        if (Next(5) == 0)
            annotations[Names.ShareHostWithAnnotation] = One(Namespaces);
        if (Next(5) == 0)
            annotations[Names.BackendCaAnnotation] = "authority";
        if (Next(5) == 0)
            annotations[Names.BackendProtocolAnnotation] = One(["HTTPS", "GRPC"]);
        if (Next(8) == 0)
            annotations["nginx.ingress.kubernetes.io/auth-url"] = "https://auth.example.com";
        if (Next(10) == 0)
            annotations[Names.IngressClassAnnotation] = "other";
        if (Next(3) > 0)
            raw["metadata"]!["creationTimestamp"] = string.Create(CultureInfo.InvariantCulture, $"2026-01-01T00:00:{Next(60):d2}Z");
        // An Ingress that is not valid stays as it was, or keeps its hosts alone.
        if (Next(12) == 0)
            raw["spec"]!["rules"]![0]!["http"]!["paths"]![0]!["pathType"] = "Nonsense";
        return raw;
    }

    private JsonObject AnyRule(string ns, string name)
    {
        var raw = Rule(ns, name, One(Services), 1 + Next(5));
        var spec = raw["spec"]!.AsObject();
        if (Next(4) == 0)
            spec["destination"]!["namespace"] = One(Namespaces);
        if (Next(2) == 0)
            spec["precedence"] = Next(3);
        var headers = new JsonObject();
        if (Next(2) == 0)
            headers["uri"] = new JsonObject { ["prefix"] = One(["/", "/api", "/api/v1/x"]) };
        if (Next(3) == 0)
            headers["x-user"] = new JsonObject { ["exact"] = "jason" };
        if (headers.Count > 0)
            spec["match"] = new JsonObject { ["request"] = new JsonObject { ["headers"] = headers } };
        if (Next(3) == 0)
        {
            spec["route"] = new JsonArray(
                new JsonObject { ["labels"] = new JsonObject { ["version"] = "v1" }, ["weight"] = 60 },
                new JsonObject { ["labels"] = new JsonObject { ["version"] = "v2" }, ["weight"] = 40 });
        }
        else if (Next(4) == 0)
        {
            var destination = new JsonObject { ["name"] = One([.. Services, "gone"]), ["namespace"] = One(Namespaces) };
            spec["route"] = new JsonArray(new JsonObject { ["destination"] = destination });
        }
        if (Next(5) == 0)
            spec["mirror"] = new JsonObject { ["name"] = One(Services) };
        if (Next(3) > 0)
            raw["metadata"]!["creationTimestamp"] = string.Create(CultureInfo.InvariantCulture, $"2026-01-01T00:00:{Next(60):d2}Z");
        if (Next(12) == 0)
            spec["precedence"] = "nonsense";
        return raw;
    }

    private static JsonObject Certificate(string ns) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Secret",
        ["metadata"] = Metadata(ns, "certificate"),
        ["type"] = "kubernetes.io/tls",
        ["stringData"] = new JsonObject { ["tls.crt"] = TestPair.Certificate, ["tls.key"] = TestPair.Key },
    };

    private static JsonObject Authority(string ns, bool isUsable) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Secret",
        ["metadata"] = Metadata(ns, "authority"),
        ["type"] = "Opaque",
        ["stringData"] = new JsonObject { ["ca.crt"] = isUsable ? TestPair.Certificate : "nothing" },
    };

    private static JsonObject Backend(string service, string port) => new()
    {
        ["service"] = new JsonObject { ["name"] = service, ["port"] = new JsonObject { ["name"] = port } },
    };

    private static JsonObject Metadata(string ns, string name)
    {
        var metadata = new JsonObject { ["name"] = name };
        if (ns.Length > 0)
            metadata["namespace"] = ns;
        return metadata;
    }

    /// <summary>An address that a pod may have, and one that none has.</summary>
    private static string Address(int number) =>
        number == 6 ? "127.0.0.1" : string.Create(CultureInfo.InvariantCulture, $"10.0.0.{number}");

    private T One<T>(T[] of) => of[Next(of.Length)];

    private static class TestPair
    {
        static TestPair()
        {
            using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
            var request = new System.Security.Cryptography.X509Certificates.CertificateRequest(
                "CN=*.example.com", key, System.Security.Cryptography.HashAlgorithmName.SHA256);
            using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
            (Certificate, Key) = (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
        }

        public static string Certificate { get; }

        public static string Key { get; }
    }
}
