using System.Text.Json.Nodes;
using Turnpike.Cli;
using Turnpike.Tests.Support.FakeApiServer;

namespace Turnpike.Tests.Cli;

/// <summary>The command line beside an API server of its own, with the kubeconfig that leads there.</summary>
public abstract class ClusterFixture : IAsyncLifetime
{
    private protected const string Rules = "config.istio.io/v1alpha2/routerules";

    private protected TemporaryDirectory Directory { get; } = new();

    private protected FakeApi Api { get; private set; } = null!;

    private protected string Kubeconfig { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        Api = await FakeApi.StartAsync();
        Api.Serve(Rules, "RouteRule");
        Kubeconfig = WriteKubeconfig("kubeconfig", Api.Url);
    }

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        Directory.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected string WriteKubeconfig(string name, Uri server, string ns = "") => Directory.Write(name, $$"""
        apiVersion: v1
        kind: Config
        current-context: here
        clusters:
        - name: c
          cluster: {server: "{{server}}"}
        users:
        - name: u
          user: {token: secret}
        contexts:
        - name: here
          context: {cluster: c, user: u{{(ns.Length > 0 ? $", namespace: {ns}" : "")}}}
        """);

    private protected Task<CliRun> Turnpike(params string[] arguments) => Run("turnpike", "", arguments);

    private protected Task<CliRun> Istioctl(params string[] arguments) => Run("istioctl", "", arguments);

    /// <summary>Finds the cluster as users have it: by the environment.</summary>
    private protected async Task<CliRun> Run(string program, string input, params string[] arguments)
    {
        using var reader = new StringReader(input);
        var process = new ProcessContext
        {
            CalledAs = program,
            Variable = name => name == "KUBECONFIG" ? Kubeconfig : null,
            Input = reader,
        };
        return await CliRun.Of(process, arguments);
    }

    private protected JsonObject? Rule(string name, string ns = "default") => Api.Find(Rules, ns, name);

    private protected void PutRule(string name, string ns = "default", string status = "{}") => Api.Put(Rules, ns, name, Json($$"""
        {
          "apiVersion": "config.istio.io/v1alpha2", "kind": "RouteRule",
          "metadata": {"name": "{{name}}", "generation": 2},
          "spec": {"destination": {"name": "web"}, "http_req_timeout": {"simple_timeout": {"timeout": "3s"} } },
          "status": {{status}}
        }
        """));

    private protected static JsonObject Json(string text) => (JsonObject)JsonNode.Parse(text)!;
}
