using Turnpike.Hosting.Client;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Kubernetes;
using static Turnpike.Tests.Support.Kubernetes.KubeObjects;

namespace Turnpike.Tests.Integration.ControlPlane;

/// <summary>Tests the addresses in the status of Ingresses; the test plays the cloud that gives the managed Service its address.</summary>
[Collection<WithOperator>]
public sealed class IngressStatusTests(OperatorFixture cluster)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ingress_TellsTheAddressOfTheBalancer_WhateverItBecomes()
    {
        await SetBalancerAsync("""[{"ip":"192.0.2.10"}]""");
        var ns = await CreateAsync("web");
        await AddressAsync(ns, "192.0.2.10");
        Assert.Equal(
            "192.0.2.10",
            await cluster.KubectlAsync(Cancelled, "get", "ingress", "web", "-n", ns, "-o", "jsonpath={.status.loadBalancer.ingress[*].ip}")
        );

        await SetBalancerAsync("""[{"hostname":"lb.example.com"}]""");
        await AddressAsync(ns, "lb.example.com");
        await SetBalancerAsync("[]");
        await AddressAsync(ns, "");
    }

    [Fact]
    public async Task Ingress_ThatIsGivenToAnother_LosesItsAddress()
    {
        await SetBalancerAsync("""[{"ip":"192.0.2.11"}]""");
        var ns = await CreateAsync("web");
        await AddressAsync(ns, "192.0.2.11");
        await cluster.KubectlAsync(Cancelled, "annotate", "ingress", "web", "-n", ns, "--overwrite", "kubernetes.io/ingress.class=nginx");
        await AddressAsync(ns, "");
    }

    [Fact]
    public async Task Ingress_MadeAnewUnderItsName_GetsItsAddressAgain()
    {
        await SetBalancerAsync("""[{"ip":"192.0.2.12"}]""");
        var ns = await CreateAsync("web");
        await AddressAsync(ns, "192.0.2.12");

        // The new Ingress is made at once, so that an observer that polls sees one of that name each time.
        var key = new NamespacedName(ns, "web");
        await cluster.Api.DeleteAsync(Kind.Ingresses, key, null, Cancelled);
        var anew = """
            {"metadata":{"name":"web","annotations":{"kubernetes.io/ingress.class":"istio"}},
             "spec":{"defaultBackend":{"service":{"name":"web","port":{"number":80}}}}}
            """;
        await cluster.Api.CreateAsync(Kind.Ingresses, ns, Parse(anew), WriteOptions.Default, Cancelled);
        await AddressAsync(ns, "192.0.2.12");
    }

    private async Task<string> CreateAsync(string name)
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        (
            await cluster.KubectlAsync(
                IngressAdmissionTests.Ingress(name, $"{ns}.example.com", "web", 80), Cancelled, "create", "-n", ns, "-f", "-")).Expect();
        return ns;
    }

    private async Task AddressAsync(string ns, string expected) =>
        await Wait.For(
            ct => cluster.Api.GetAsync(Kind.Ingresses, new(ns, "web"), ct),
            ingress =>
                expected
                == string.Join(
                    ' ',
                    ingress.At("status.loadBalancer.ingress")?.EnumerateArray().Select(entry => entry.Text("ip") ?? entry.Text("hostname"))
                        ?? []),
            $"the address \"{expected}\"");

    private async Task SetBalancerAsync(string addresses) => await cluster.Api.PatchAsync(
        Kind.Services,
        new("istio-system", "istio-ingress"),
        PatchKind.Merge,
        Parse($$"""{"status":{"loadBalancer":{"ingress":{{addresses}}} } }"""),
        new() { Subresource = "status" },
        Cancelled);
}
