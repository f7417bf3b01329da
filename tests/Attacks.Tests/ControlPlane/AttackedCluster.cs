using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Turnpike.Hosting.Client;
using Turnpike.Tests.Attacks.Harness;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Kubernetes;

namespace Turnpike.Tests.Attacks.ControlPlane;

/// <summary>
/// A real API server with Turnpike installed by <c>config/install.yaml</c>, and the operator as a program of its own with the limit of
/// its pod. Nothing routes cluster IPs here, so its Service is an external name for this machine.
/// </summary>
public sealed class AttackedCluster : ApiServer
{
    private const string System = "istio-system";
    private const string Operator = "turnpike-operator";


    private int _installed;

    internal int WebhookPort { get; private set; }

    internal int DiscoveryPort { get; private set; }

    internal int HealthPort { get; private set; }

    /// <summary>Starts the operator anew and waits until it is ready by its own account.</summary>
    internal async Task<Pod> StartOperatorAsync()
    {
        await InstallAsync();
        var pod = Pod.Start(
            "turnpike-operator",
            PodSpec.Operator,
            new Dictionary<string, string> { ["POD_NAME"] = "attacked", ["POD_IP"] = "127.0.0.1" },
            "run",
            "--proxy-image=turnpike/proxy:test",
            $"--kubeconfig={await KubeconfigAsync(token: await TokenAsync(Operator, null))}",
            $"--token={Path.Combine(Files, "no-token")}",
            $"--webhook-port={WebhookPort}",
            $"--discovery-port={DiscoveryPort}",
            $"--health-port={HealthPort}");
        try
        {
            await ReadyAsync(pod);
            return pod;
        }
        catch
        {
            await pod.DisposeAsync();
            throw;
        }
    }

    /// <summary>A proxy that gets its table from the operator, with the token that its pod would have.</summary>
    internal async Task<Pod> StartProxyAsync()
    {
        var ca = Path.Combine(Files, "ca.crt");
        var bundle = await Wait.For(
            ct => Api.FindAsync(Kind.ConfigMaps, new(System, Turnpike.Api.Profile.Istio2017.CaConfigMap), ct),
            found => found?.At("data") is not null,
            "the authority that proxies trust");
        await File.WriteAllTextAsync(ca, bundle!.Value.At("data")!.Value.Text("ca.crt"));
        var token = Path.Combine(Files, Path.GetRandomFileName());
        await File.WriteAllTextAsync(
            token, await TokenAsync(Turnpike.Api.Profile.Istio2017.IngressService, Turnpike.Api.Names.IngressAudience));
        return Pod.Start(
            "turnpike-proxy",
            PodSpec.Proxy,
            new Dictionary<string, string> { ["POD_NAME"] = "proxy", ["POD_NAMESPACE"] = System },
            "ingress", $"--discovery={Pod.OperatorHost}:{DiscoveryPort}", $"--discovery-ca={ca}", $"--discovery-token={token}",
            "--http-port=0", "--https-port=0", "--status-port=0", "--admin-port=0", "--address=127.0.0.1", "--drain-delay=0");
    }

    /// <summary>Returns when the operator says that it may get requests.</summary>
    internal async Task ReadyAsync(Pod pod)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{HealthPort}") };
        await Wait.For(
            async ct =>
            {
                Assert.True(pod.IsRunning, pod.Log);
                try
                {
                    using var response = await client.GetAsync(new Uri("/ready", UriKind.Relative), ct);
                    return await response.Content.ReadAsStringAsync(ct);
                }
                catch (HttpRequestException e)
                {
                    return e.Message;
                }
            },
            answer => answer == "ready\n",
            "the operator to be ready",
            TimeSpan.FromSeconds(60));
    }

    /// <summary>Installs Turnpike, with the webhooks leading to the operator's port here.</summary>
    internal async Task InstallAsync()
    {
        if (Interlocked.Exchange(ref _installed, 1) == 1)
            return;
        await ApplyAsync(CancellationToken.None, "-f", Path.Combine(Repository, "config", "install.yaml"));
        (WebhookPort, DiscoveryPort, HealthPort) = FreePorts();
        var service = """{"spec":{"type":"ExternalName","externalName":"127.0.0.1","clusterIP":null,"clusterIPs":null,"selector":null}}""";
        await Api.MergeAsync(Kind.Services, new(System, Operator), service, CancellationToken.None);
        foreach (var plural in new[] { "validatingwebhookconfigurations", "mutatingwebhookconfigurations" })
        {
            var resource = new ResourceRef("admissionregistration.k8s.io", "v1", plural, "");
            var key = NamespacedName.ClusterScoped(Turnpike.Api.Profile.Istio2017.WebhookConfiguration);
            var webhooks = (await Api.GetAsync(resource, key, CancellationToken.None)).At("webhooks")!.Value.GetArrayLength();
            var patch = Enumerable
                .Range(0, webhooks)
                .Select(i =>
                    (JsonNode)
                        KubeObjects.Parse($$"""{"op":"add","path":"/webhooks/{{i}}/clientConfig/service/port","value":{{WebhookPort}} }""")
                );
            await Api.PatchAsync(resource, key, PatchKind.Json, new JsonArray([.. patch]), WriteOptions.Default, CancellationToken.None);
        }
    }

    protected override Task PrepareAsync() => DefineKindsAsync();

    private async Task<string> TokenAsync(string account, string? audience)
    {
        // The ingress' account is made by the operator; its name is enough for a token of ours to be of it.
        await Wait.For(
            ct => Api.FindAsync(KnownResources.ServiceAccounts, new(System, account), ct),
            found => found is not null,
            $"ServiceAccount {account}");
        var spec = audience is null ? "{}" : $$"""{"audiences":["{{audience}}"]}""";
        using var request = new StringContent(
            $$"""{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{{spec}}}""",
            null,
            "application/json");
        var made = await Api.RequestAsync(
            HttpMethod.Post, KnownResources.ServiceAccounts.PathOf(new(System, account), "token"), request, CancellationToken.None);
        return made.TextAt("status.token")!;
    }

    private static (int First, int Second, int Third) FreePorts()
    {
        var listeners = Enumerable.Range(0, 3).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToArray();
        listeners.ForEach(listener => listener.Dispose());
        return (ports[0], ports[1], ports[2]);
    }
}

[CollectionDefinition]
public sealed class WithAttackedCluster : ICollectionFixture<AttackedCluster>;
