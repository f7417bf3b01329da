using System.Net;
using System.Text.Json.Nodes;
using Turnpike.Tests.Support.FakeApiServer;

namespace Turnpike.Tests.Support.ControlPlane;

/// <summary>A cluster with one ingress before one service, tokens for those who may ask, and the files that a proxy is given.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    public static readonly string Ingress = FakeJwt.Of("istio-system:istio-ingress", "turnpike-ingress");
    public static readonly string Operator = FakeJwt.Of("istio-system:turnpike-operator", "turnpike-operator");
    public static readonly string Stranger = FakeJwt.Of("default:istio-ingress", "turnpike-ingress");

    private const string Slices = "discovery.k8s.io/v1/endpointslices";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    private Cluster(FakeApi api) => Api = api;

    public FakeApi Api { get; }

    public string CaFile => Path.Combine(_folder.FullName, "ca.crt");

    public string TokenFile => Path.Combine(_folder.FullName, "token");

    public static async Task<Cluster> StartAsync()
    {
        var cluster = new Cluster(await FakeApi.StartAsync());
        cluster.Api.Tokens = FakeJwt.Review;
        cluster.Api.Serve(Slices, "EndpointSlice");
        cluster.Api.Put(
            "v1/services",
            "default",
            "web",
            Json("""{"metadata":{"namespace":"default","name":"web"},"spec":{"type":"ClusterIP","ports":[{"port":80}]}}"""));
        // Endpoints of this machine stand for pods.
        cluster.Api.Put(
            "v1/configmaps",
            "istio-system",
            "istio",
            Json("""{"metadata":{"namespace":"istio-system","name":"istio"},"data":{"mesh":"endpointAddresses: any"}}"""));
        cluster.AddIngress("web");
        await File.WriteAllTextAsync(cluster.TokenFile, Ingress + "\n");
        return cluster;
    }

    /// <summary>Host <c>NAME.example.com</c>, all of it to the one service.</summary>
    public void AddIngress(string name) =>
        Api.Put(
            "networking.k8s.io/v1/ingresses",
            "default",
            name,
            Json(
                $$$"""
                {"metadata":{"namespace":"default","name":"{{{name}}}","annotations":{"kubernetes.io/ingress.class":"istio"}},
                 "spec":{"rules":[{"host":"{{{name}}}.example.com","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"web","port":{"number":80} } } }]} }]} }
                """));

    public void SetEndpoint(IPEndPoint endpoint) =>
        Api.Put(
            Slices,
            "default",
            "web-1",
            Json(
                $$$"""
                {"metadata":{"namespace":"default","name":"web-1","labels":{"kubernetes.io/service-name":"web"}},"addressType":"IPv4",
                 "ports":[{"name":"","port":{{{endpoint.Port}}} }],"endpoints":[{"addresses":["{{{endpoint.Address}}}"],"conditions":{"ready":true}}]}
                """));

    /// <summary>The cluster changes, the table does not.</summary>
    public void ChangeWithoutEffect(string name) =>
        Api.Put(
            "v1/pods",
            "default",
            name,
            Json($$$"""{"metadata":{"namespace":"default","name":"{{{name}}}"},"status":{"podIP":"10.9.9.9"} }"""));

    /// <summary>Writes how the API server is reached to a file, and says which.</summary>
    public string WriteKubeconfig()
    {
        var file = Path.Combine(_folder.FullName, "kubeconfig");
        File.WriteAllText(file, $"""
            apiVersion: v1
            kind: Config
            current-context: fake
            clusters:
            - name: fake
              cluster:
                server: {Api.Url}
            contexts:
            - name: fake
              context:
                cluster: fake
                user: fake
            users:
            - name: fake
              user:
                token: none
            """);
        return file;
    }

    /// <summary>Puts the pods of the operator; those that are ready are endpoints of its Service.</summary>
    public void SetOperators(params (string Name, string Ip, bool Ready)[] pods)
    {
        foreach (var gone in Api.All("v1/pods").Select(p => (string)p["metadata"]!["name"]!).Except(pods.Select(p => p.Name)).ToList())
            Api.Remove("v1/pods", "istio-system", gone);
        foreach (var (name, ip, _) in pods)
        {
            Api.Put(
                "v1/pods",
                "istio-system",
                name,
                Json(
                    $$$"""
                    {"metadata":{"namespace":"istio-system","name":"{{{name}}}","labels":{"app.kubernetes.io/name":"turnpike-operator"}},"status":{"podIP":"{{{ip}}}"} }
                    """));
        }
        var endpoints = pods.Select(p =>
            $$$"""{"addresses":["{{{p.Ip}}}"]"""
                + $$$""","conditions":{"ready":{{{(p.Ready ? "true" : "false")}}} },"targetRef":{"kind":"Pod","name":"{{{p.Name}}}"} }""");
        Api.Put(
            Slices,
            "istio-system",
            "turnpike-operator-1",
            Json(
                $$$"""
                {"metadata":{"namespace":"istio-system","name":"turnpike-operator-1","labels":{"kubernetes.io/service-name":"turnpike-operator"}},"addressType":"IPv4",
                 "ports":[{"name":"","port":15010}],"endpoints":[{{{string.Join(',', endpoints)}}}]}
                """));
    }

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();
}
