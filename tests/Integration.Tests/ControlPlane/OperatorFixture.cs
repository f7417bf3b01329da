using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Turnpike.Api;
using Turnpike.Hosting.Client;
using Turnpike.Operator;
using Turnpike.Operator.Manifests;
using Turnpike.Tests.Integration.Support;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Kubernetes;
using static Turnpike.Tests.Support.Kubernetes.KubeObjects;

namespace Turnpike.Tests.Integration.ControlPlane;

/// <summary>
/// An API server with Turnpike installed by the file of a profile, <c>config/install.yaml</c> here, and the operator running in this
/// process as the ServiceAccount
/// that the manifests make for it: certificates, caBundle and permissions are its own doing. One thing alone differs from a cluster:
/// nothing routes cluster IPs here, so the operator's Service is an external name for this machine.
/// </summary>
public class OperatorFixture : ApiServer
{
    /// <summary>Holds RouteRules that got in before there was a webhook.</summary>
    public const string OldNamespace = "older-than-the-webhook";

    /// <summary>The names of RouteRules that exist before, each for one test; their weights are wrong.</summary>
    public static readonly IReadOnlyList<string> OldRules = ["relabelled", "repaired", "deleted", "finalized", "reported"];

    public const string BadRoute = "route: [{weight: 60}, {weight: 30}]";

    private static readonly ResourceRef ServiceAccounts = new("", "v1", "serviceaccounts", "ServiceAccount");

    private NamespacedName Account => new(Profile.SystemNamespace, Deployed.Operator);

    /// <summary>The names of this installation.</summary>
    public virtual Profile Profile => Profile.Istio2017;

    /// <summary>The path of the manifest that installs the operator.</summary>
    public string Manifest => Path.Combine(Repository, GeneratedFiles.PathOf(Profile));

    private WebApplication? _operator;

    /// <summary>The replica that the webhooks lead to.</summary>
    internal WebApplication Running => _operator!;

    /// <summary>The options of the replica that the webhooks lead to.</summary>
    internal OperatorOptions Options { get; private set; } = null!;

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await StopAsync();
        await base.DisposeAsync();
    }

    /// <summary>Starts the replica that the webhooks lead to; returns when it is ready and the leader says that admission works.</summary>
    public async Task StartAsync()
    {
        _operator = await RunAsync(Options);
        await ReadyAsync(Options);
        await Wait.For(
            ct => Api.FindAsync(Kind.ConfigMaps, new(Profile.SystemNamespace, Names.StatusConfigMap), ct),
            status => status?.TextAt("data.available") == "true",
            "the leader's word that admission works");
    }

    /// <summary>Has the replica end as SIGTERM would.</summary>
    public async Task StopAsync()
    {
        if (_operator is not { } running)
            return;
        _operator = null;
        await running.StopAsync();
        await running.DisposeAsync();
    }

    /// <summary>Starts another replica, on ports of its own.</summary>
    internal static async Task<WebApplication> RunAsync(OperatorOptions options)
    {
        var replica = OperatorHost.Build(options, new FileLog(Path.Combine(Repository, "out", $"integration-{options.PodName}.log")));
        await replica.StartAsync();
        return replica;
    }

    /// <summary>Returns when the replica is ready by its own account.</summary>
    internal static async Task ReadyAsync(OperatorOptions options)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{options.HealthPort}") };
        await Wait.For(
            async ct =>
            {
                using var response = await client.GetAsync(new Uri("/ready", UriKind.Relative), ct);
                return await response.Content.ReadAsStringAsync(ct);
            },
            answer => answer == "ready\n",
            $"{options.PodName} to be ready");
    }

    /// <summary>Options of a replica that has not been started.</summary>
    internal async Task<OperatorOptions> NewReplicaAsync(string name)
    {
        var kubeconfig = await KubeconfigAsync(token: await TokenAsync());
        var ports = FreePorts(3);
        return new(kubeconfig, name, "", "docker.io/turnpike/proxy:test", Path.Combine(Files, "no-token"))
        {
            Profile = Profile,
            WebhookPort = ports[0],
            DiscoveryPort = ports[1],
            HealthPort = ports[2],
        };
    }

    protected override async Task PrepareAsync()
    {
        await BeforeInstallationAsync();
        await DefineKindsAsync();
        await KubectlAsync(CancellationToken.None, "create", "namespace", OldNamespace);
        (
            await KubectlAsync(
                string.Join("---\n", OldRules.Select(name => RouteRule(name, BadRoute))),
                CancellationToken.None,
                "create",
                "-n",
                OldNamespace,
                "-f",
                "-")).Expect();

        await ApplyAsync(CancellationToken.None, "-f", Manifest);
        Options = await NewReplicaAsync("replica-a");
        await ProveAsync(new(Profile.SystemNamespace, "proof"), Options.ProxyImage);
        await LeadHereAsync();
        await StartAsync();
    }

    /// <summary>Creates the objects that are in the cluster before anything of ours.</summary>
    protected virtual Task BeforeInstallationAsync() => Task.CompletedTask;

    /// <summary>The YAML of a RouteRule for the service web.</summary>
    /// <param name="fields">Fields of its spec, in one line.</param>
    public static string RouteRule(string name, string fields) => $$"""
        apiVersion: config.istio.io/v1alpha2
        kind: RouteRule
        metadata:
          name: {{name}}
        spec:
          destination: {name: web}
          {{fields}}

        """;

    /// <summary>Stands for a proxy of that image that runs and is ready: nothing runs pods here.</summary>
    internal async Task ProveAsync(NamespacedName key, string image)
    {
        var pod = $$"""
            apiVersion: v1
            kind: Pod
            metadata:
              name: {{key.Name}}
              annotations: { {{Profile.InjectAnnotation}}: "false" }
            spec:
              serviceAccountName: default
              securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault} }
              containers:
              - name: {{Profile.ProxyContainer}}
                image: "{{image}}"
                securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]} }
            """;
        (await KubectlAsync(pod, CancellationToken.None, "create", "-n", key.Namespace, "-f", "-")).Expect();
        var ready = Parse("""{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}""");
        await Api.PatchAsync(Kind.Pods, key, PatchKind.Merge, ready, new() { Subresource = "status" }, CancellationToken.None);
    }

    /// <summary>Has the webhooks lead to this process, which an apply of the manifest takes back.</summary>
    public async Task LeadHereAsync()
    {
        var port = Options.WebhookPort;
        var service = """{"spec":{"type":"ExternalName","externalName":"127.0.0.1","clusterIP":null,"clusterIPs":null,"selector":null}}""";
        await Api.MergeAsync(Kind.Services, Account, service, CancellationToken.None);
        foreach (
            var (plural, count) in new[]
            {
                ("validatingwebhookconfigurations", 2),
                ("mutatingwebhookconfigurations", Profile.InjectsByDefault ? 1 : 2),
            })
        {
            var patch = Enumerable
                .Range(0, count)
                .Select(i => (JsonNode)Parse($$"""{"op":"add","path":"/webhooks/{{i}}/clientConfig/service/port","value":{{port}} }"""));
            await Api.PatchAsync(
                new("admissionregistration.k8s.io", "v1", plural, ""),
                NamespacedName.ClusterScoped(Profile.WebhookConfiguration),
                PatchKind.Json,
                new JsonArray([.. patch]),
                WriteOptions.Default,
                CancellationToken.None);
        }
    }

    private async Task<string> TokenAsync()
    {
        using var request = new StringContent(
            """{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}""",
            null,
            "application/json");
        var made = await Api.RequestAsync(HttpMethod.Post, ServiceAccounts.PathOf(Account, "token"), request, CancellationToken.None);
        return made.TextAt("status.token")!;
    }

    /// <summary>All of them are held before the first is let go, so that they differ.</summary>
    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToArray();
        listeners.ForEach(listener => listener.Dispose());
        return ports;
    }
}

[CollectionDefinition]
public sealed class WithOperator : ICollectionFixture<OperatorFixture>;
