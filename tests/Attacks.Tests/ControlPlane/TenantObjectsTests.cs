using System.Text;
using Turnpike.Hosting.Client;
using Turnpike.Tests.Attacks.Harness;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Kubernetes;
using Turnpike.Yaml;

namespace Turnpike.Tests.Attacks.ControlPlane;

/// <summary>Valid objects of one tenant, who may create them in one namespace and means no good.</summary>
public sealed class TenantObjectsTests(AttackedTenants cluster) : IClassFixture<AttackedTenants>
{
    private const int Paths = 2000;
    private const int Rules = 500;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ManyPathsTimesManyRules_FreezeNoOnesTable()
    {
        // They were there before the webhooks, which is as if admission had let them through.
        var objects = await cluster.CreateNamespaceAsync(Cancelled);
        var size = await CreateAsync(objects);
        await using (var attacked = await OperatorUnderAttack.StartAsync(cluster.Cluster))
        {
            await using var proxy = await cluster.Cluster.StartProxyAsync();
            await TakesAnothersHostAsync(proxy, "first");
            attacked.Judge($"{Paths} paths and {Rules} rules on one service, {size / 1024} KiB of valid objects of one tenant");
        }
        await using (var again = await OperatorUnderAttack.StartAsync(cluster.Cluster))
        {
            await using var proxy = await cluster.Cluster.StartProxyAsync();
            await TakesAnothersHostAsync(proxy, "second");
            again.Judge("The same, the operator started anew");
        }
    }

    /// <summary>Creates a host of another tenant and waits until a proxy has its route.</summary>
    private async Task TakesAnothersHostAsync(Pod proxy, string name)
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        var http = await proxy.LineAsync("listening http ");
        var manifest = ProxyUnderAttack.Service(name, 8080).Split("---\n")[0] + "---\n" + ProxyUnderAttack.Ingress($"{name}.test", name);
        (await cluster.Cluster.KubectlAsync(manifest, Cancelled, "create", "-n", ns, "-f", "-")).Expect();
        using var client = new HttpClient { BaseAddress = new Uri($"http://{http}") };
        await Wait.For(
            async ct =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { Host = $"{name}.test" } };
                using var response = await client.SendAsync(request, ct);
                return (int)response.StatusCode;
            },
            // The service has no endpoints: 503 says that its route is there.
            status => status == 503,
            $"the route of {name}.test");
    }

    /// <summary>Creates the objects and returns their size as they were sent.</summary>
    private async Task<long> CreateAsync(string ns)
    {
        var paths = string.Concat(
            Enumerable
                .Range(0, Paths)
                .Select(i => $"      - {{path: /p{i}, pathType: Prefix, backend: {{service: {{name: many, port: {{number: 80}}}}}}}}\n"));
        var ingress =
            $"""
                apiVersion: networking.k8s.io/v1
                kind: Ingress
                metadata:
                  name: many
                  annotations:
                    kubernetes.io/ingress.class: istio
                spec:
                  rules:
                  - host: many.test
                    http:
                      paths:

                """ + paths;
        long size = 0;
        await CreateOneAsync(new("", "v1", "services", "Service"), ProxyUnderAttack.Service("many", 8080).Split("---\n")[0]);
        await CreateOneAsync(Kind.Ingresses, ingress);
        await Parallel.ForAsync(
            0,
            Rules,
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancelled },
            async (i, _) =>
                await CreateOneAsync(
                    Kind.RouteRules,
                    ProxyUnderAttack.Rule(
                        $"rule-{i}",
                        "many",
                        FormattableString.Invariant($"  precedence: {i + 1}\n  match: {{request: {{headers: {{x-n: {{exact: v{i}}}}}}}}}")))
        );
        return Interlocked.Read(ref size);

        async Task CreateOneAsync(ResourceRef resource, string yaml)
        {
            var body = YamlText.Read(yaml).Single(document => document.Root is not null).Root!;
            Interlocked.Add(ref size, Encoding.UTF8.GetByteCount(body.ToJsonString()));
            await cluster.Cluster.Api.CreateAsync(resource, ns, body, WriteOptions.Default, Cancelled);
        }
    }
}

/// <summary>A cluster of its own, which has Turnpike's kinds and not its webhooks until the operator is started.</summary>
public sealed class AttackedTenants : IAsyncLifetime
{
    public AttackedCluster Cluster { get; } = new();

    public ValueTask InitializeAsync() => Cluster.InitializeAsync();

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();

    public Task<string> CreateNamespaceAsync(CancellationToken ct) => Cluster.CreateNamespaceAsync(ct);
}
