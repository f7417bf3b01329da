using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using Turnpike.Compiler;
using Turnpike.Reading;
using Turnpike.Routing;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Compiler;
using Turnpike.Yaml;

namespace Turnpike.Tests.Compiler;

/// <summary>
/// Random objects all the way: reader, validator, store, compiler, wire form, matcher. Bounded; a failure says its seed, and
/// TURNPIKE_FUZZ_SEED runs that one alone.
/// </summary>
public sealed class FuzzTests
{
    private const int Rounds = 100;

    private const string Neighbours = """
        apiVersion: v1
        kind: Service
        metadata: {name: a, namespace: default}
        spec: {ports: [{name: http, port: 80}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: quiet, namespace: default}
        spec: {ports: [{name: http, port: 80}]}
        ---
        apiVersion: v1
        kind: Endpoints
        metadata: {name: quiet, namespace: default}
        subsets: [{addresses: [{ip: 10.0.0.1}], ports: [{name: http, port: 8080}]}]
        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: quiet, namespace: default, annotations: {kubernetes.io/ingress.class: istio}}
        spec:
          rules:
          - host: quiet.example
            http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: quiet, port: {number: 80}}}}]}
          - host: noisy.example
            http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: a, port: {number: 80}}}}]}
        ---
        apiVersion: config.istio.io/v1alpha2
        kind: RouteRule
        metadata: {name: quiet, namespace: default}
        spec:
          destination: {name: quiet}
          match: {request: {headers: {uri: {regex: "/x.*"}}}}
          http_req_timeout: {simple_timeout: {timeout: 3s}}
        """;

    private static readonly Lazy<string> QuietTable = new(() => Quiet(new Store().Table));

    public static TheoryData<int> Seeds
    {
        get
        {
            if (int.TryParse(Environment.GetEnvironmentVariable("TURNPIKE_FUZZ_SEED"), out var only))
                return [only];
            var first = Random.Shared.Next();
            return [.. Enumerable.Range(0, 3).Select(i => first + i)];
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void AnyObjects_CompileWithoutHarmToOthers(int seed)
    {
        var random = new Random(seed);
        var objects = new FuzzedObjects(random);
        var rules = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var raws = objects.Next();
            try
            {
                rules += Check(raws, random);
            }
            catch (Exception e)
            {
                Assert.Fail($"TURNPIKE_FUZZ_SEED={seed}, round {round}: {e}\n{string.Join('\n', raws.Select(FuzzedObjects.Show))}");
            }
        }
        Assert.True(rules > Rounds / 4, $"TURNPIKE_FUZZ_SEED={seed}: only {rules} routes came of rules: what is drawn is too broken to try anything");
    }

    /// <returns>How many routes came of rules.</returns>
    private static int Check(JsonObject[] raws, Random random)
    {
        var store = new Store();
        foreach (var raw in raws)
        {
            var read = ReadObject.From(raw);
            foreach (var error in read.Errors)
            {
                Assert.False(string.IsNullOrWhiteSpace(error.Detail), $"{error}");
                Assert.True(error.Path.Length > 0, $"{error}");
                Assert.DoesNotContain($"{error}", char.IsControl);
            }
            store.Put(raw, read);
        }
        var table = store.Table;
        // Whatever these are, the neighbours stay as they were.
        Assert.Equal(QuietTable.Value, Quiet(table));

        var wire = RouteTableJson.Serialize(table);
        var again = RouteTableJson.Deserialize(wire);
        Assert.Equal(wire, RouteTableJson.Serialize(again));
        Assert.Equal(TableText.Write(table), TableText.Write(again));
        var assembled = new TableReplica().Apply(TableResources.Of(table).Since(TableResources.None));
        Assert.Equal(TableText.Write(table), TableText.Write(assembled));
        Assert.Equal(RouteTableJson.WithVersion(table).Version, RouteTableJson.WithVersion(again).Version);

        for (var i = 0; i < 20; i++)
        {
            var request = FuzzedRequest.Draw(random);
            Assert.Equal(request.Match(table)?.ToString(), request.Match(again)?.ToString());
        }
        return table.FindListener("http")!.Hosts.All.SelectMany(h => h.Paths).SelectMany(p => p.Routes).Count(route => route.Rule is not null && route.Rule != "default/quiet");
    }

    /// <summary>What a table does with the hosts of the neighbours that none of the objects may touch.</summary>
    private static string Quiet(RouteTable table)
    {
        var host = Assert.Single(table.FindListener("http")!.Hosts.All, h => h.Domain == "quiet.example");
        Assert.True(table.Clusters.TryGet("default/quiet:80", out var cluster));
        return TableText.Write(new RouteTable { Listeners = IngressListeners.Of(new VirtualHostSet([host]), null), Clusters = new ClusterSet([cluster]) });
    }

    private sealed class Store
    {
        private static readonly (ObjectKey Key, ReadObject Read)[] Known =
            [.. YamlText.Read(Neighbours).Select(d => (JsonObject)d.Root!).Select(raw => (Manifests.KeyOf(raw), ReadObject.From(raw)))];

        private readonly ObjectStore _store = new();

        public Store()
        {
            foreach (var (key, read) in Known)
                _store.Put(key, read);
        }

        public RouteTable Table => RouteCompiler.Compile(_store.Snapshot().Snapshot).Table;

        public void Put(JsonObject raw, ReadObject read) => _store.Put(
            new ObjectKey(FuzzedObjects.KindOf(raw), read.Metadata.Namespace, read.Metadata.Name.Length > 0 ? read.Metadata.Name : "unnamed"), read);
    }
}

internal sealed record FuzzedRequest(string Method, string Authority, string Path, ImmutableDictionary<string, string> Headers)
{
    private static readonly string[] Paths = ["/", "", "/a", "/a/", "/x/y?z", "//", "/\u00e9", "/%2e%2e", "*", "/" + new string('a', 5000)];

    public static FuzzedRequest Draw(Random random) => new(
        random.GetItems(["GET", "POST", "", "get", "\u2603"], 1)[0],
        random.GetItems(["noisy.example", "NOISY.example:8080", "quiet.example.", "", "[::1]:80", ":", "a:b:c", "*.example", "."], 1)[0],
        random.GetItems(Paths, 1)[0],
        ImmutableDictionary<string, string>.Empty.Add("cookie", random.GetItems(["user=jason", "", new string('a', 3000) + "!", "\ud800"], 1)[0]).Add("x-a", "b"));

    public Route? Match(RouteTable table) =>
        new TextRequest(Method, Authority, Path, [.. Headers.Select(h => (h.Key, h.Value))]).Match(table.FindListener("http")!.Hosts);
}

/// <summary>RouteRules, Ingresses and their company: half right, half anything.</summary>
internal sealed class FuzzedObjects(Random random)
{
    private static readonly string[] Words =
    [
        "destination", "precedence", "match", "route", "redirect", "rewrite", "websocket_upgrade", "websocketUpgrade", "http_req_timeout", "httpReqTimeout",
        "http_req_retries", "httpReqRetries", "http_fault", "httpFault", "l4_fault", "mirror", "cors_policy", "corsPolicy", "append_headers", "appendHeaders",
        "name", "namespace", "domain", "service", "labels", "request", "headers", "source", "tcp", "udp", "uri", "authority", "exact", "prefix", "regex", "weight",
        "simple_timeout", "simpleTimeout", "timeout", "simple_retry", "simpleRetry", "attempts", "per_try_timeout", "perTryTimeout", "delay", "abort", "percent",
        "fixed_delay", "fixedDelay", "http_status", "httpStatus", "allow_origin", "allowOrigin", "max_age", "maxAge", "allow_credentials", "custom", "@type",
        "spec", "rules", "http", "paths", "path", "pathType", "backend", "serviceName", "servicePort", "port", "number", "tls", "hosts", "secretName", "host",
        "ingressClassName", "defaultBackend", "metadata", "annotations", "ports", "subsets", "addresses", "ip", "", "a.b", "\u00e9\u0000", "cookie",
    ];

    private static readonly string[] Texts =
    [
        "", "a", "quiet", "default", "1s", "-1s", "9999999999h", "1d", "NaN", "100", "/", "/a", "/.*", "(", "(?=a)b", "(a+)+$", "[\\q]", "*", "*.example", "noisy.example",
        "Exact", "Prefix", "GET", "x\r\ny: z", "\u0000", "\ud83d", "\u202e", "{}", "null", "%CLIENT_IP%", "http://x", "10.0.0.1", "::1", "256.1.1.1", "istio", "true",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ];

    /// <summary>The compile cases: clusters in which something refers to something.</summary>
    private static readonly JsonObject[][] Clusters = [.. GoldenFiles.Cases("compile", ".yaml")
        .Select(name => YamlText.Read(GoldenFiles.Read(name)).Select(document => document.Root).OfType<JsonObject>()
            .Where(raw => KindOf(raw) is "RouteRule" or "Ingress" or "Service" or "Endpoints" or "EndpointSlice" or "Pod").ToArray())];

    private static readonly JsonObject[][] ClustersWithRules = [.. Clusters.Where(raws => raws.Any(raw => KindOf(raw) == "RouteRule"))];

    public static string KindOf(JsonObject raw) => raw["kind"] is JsonValue kind && kind.TryGetValue<string>(out var name) ? name : "?";

    public static string Show(JsonObject raw)
    {
        try
        {
            return raw.ToJsonString();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return $"(cannot be shown: {e.Message})";
        }
    }

    /// <summary>The objects of a cluster, some of them damaged or made up. Never in the namespace of the neighbours.</summary>
    public JsonObject[] Next()
    {
        var clusters = random.Next(2) == 0 ? ClustersWithRules : Clusters;
        JsonObject[] raws = [.. clusters[random.Next(clusters.Length)].Select(raw => (JsonObject)raw.DeepClone()), .. Enumerable.Range(0, random.Next(2)).Select(_ => Grown())];
        for (var damages = random.Next(8); damages > 0; damages--)
            Damage(raws[random.Next(raws.Length)]);
        foreach (var raw in raws)
        {
            if (raw["metadata"] is not JsonObject metadata)
                raw["metadata"] = metadata = [];
            metadata["namespace"] = random.Next(10) == 0 ? "elsewhere" : "fuzzed";
            if (KindOf(raw) == "Ingress")
                metadata["annotations"] = new JsonObject { ["kubernetes.io/ingress.class"] = "istio" };
        }
        return raws;
    }

    private JsonObject Grown() => new()
    {
        ["apiVersion"] = random.Next(2) == 0 ? "config.istio.io/v1alpha2" : "networking.k8s.io/v1",
        ["kind"] = random.Next(2) == 0 ? "RouteRule" : "Ingress",
        ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["kubernetes.io/ingress.class"] = "istio" } },
        ["spec"] = Tree(6),
    };

    private JsonNode? Tree(int depth)
    {
        // Once in a while far deeper than any sane object.
        if (random.Next(200) == 0)
        {
            JsonNode deep = new JsonObject();
            for (var i = 0; i < 500; i++)
                deep = random.Next(2) == 0 ? new JsonArray(deep) : new JsonObject { [Word()] = deep };
            return deep;
        }
        return random.Next(depth > 0 ? 10 : 6) switch
        {
            0 => null,
            1 => random.Next(2) == 0,
            2 => random.Next(-10, 1000),
            3 => random.NextDouble() * Math.Pow(10, random.Next(-5, 300)),
            4 or 5 => random.Next(300) == 0 ? new string('x', 100_000) : Texts[random.Next(Texts.Length)],
            6 => new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => Tree(depth - 1))]),
            _ => new JsonObject(Enumerable.Range(0, random.Next(6)).Select(_ => Word()).Distinct().Select(name => KeyValuePair.Create(name, Tree(depth - 1)))),
        };
    }

    private void Damage(JsonNode root)
    {
        var node = root;
        // Down some way, then a replacement, a removal, a doubling or an addition.
        for (var steps = random.Next(1, 8); ; steps--)
        {
            if (node is JsonObject json)
            {
                string[] names = [.. json.Select(p => p.Key)];
                var name = names.Length == 0 || random.Next(10) == 0 ? Word() : names[random.Next(names.Length)];
                if (steps > 0 && json.TryGetPropertyValue(name, out var child) && child is JsonObject or JsonArray)
                {
                    node = child;
                    continue;
                }
                switch (random.Next(4))
                {
                    case 0:
                        json.Remove(name);
                        break;
                    case 1 when json.TryGetPropertyValue(name, out var doubled):
                        json[Respelled(name)] = doubled?.DeepClone();
                        break;
                    default:
                        json[name] = Tree(3);
                        break;
                }
            }
            else if (node is JsonArray list)
            {
                if (list.Count == 0)
                {
                    list.Add(Tree(3));
                    return;
                }
                var at = random.Next(list.Count);
                if (steps > 0 && list[at] is JsonObject or JsonArray)
                {
                    node = list[at]!;
                    continue;
                }
                if (random.Next(3) == 0)
                    list.Add(list[at]?.DeepClone());
                else
                    list[at] = Tree(3);
            }
            return;
        }
    }

    private static string Respelled(string name)
    {
        var text = new StringBuilder();
        for (var i = 0; i < name.Length; i++)
        {
            if (char.IsAsciiLetterUpper(name[i]))
                text.Append('_').Append(char.ToLowerInvariant(name[i]));
            else if (name[i] == '_' && i + 1 < name.Length)
                text.Append(char.ToUpperInvariant(name[++i]));
            else
                text.Append(name[i]);
        }
        return text.ToString();
    }

    private string Word() => Words[random.Next(Words.Length)];
}
