using Turnpike.Tests.Integration.Support;

namespace Turnpike.Tests.Integration.ControlPlane;

/// <summary>What <c>kubectl describe</c> shows under Events.</summary>
[Collection<WithOperator>]
public sealed class EventTests(OperatorFixture cluster)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task LoserOfAHost_IsTold_OnceAndOnItself()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        await cluster.KubectlAsync(Cancelled, "create", "service", "clusterip", "web", "--tcp=80", "-n", ns);
        foreach (var name in (string[])["first", "second"])
            (await cluster.KubectlAsync(IngressAdmissionTests.Ingress(name, $"{ns}.example.com", "web", 80), Cancelled, "create", "-n", ns, "-f", "-")).Expect();
        var events = await Wait.For(
            ct => cluster.KubectlAsync(ct, "get", "events", "-n", ns, "-o", "jsonpath={range .items[*]}{.type} {.reason} {.involvedObject.kind}/{.involvedObject.name}: {.message}{\"\\n\"}{end}"),
            text => text.Contains("HostPathTaken", StringComparison.Ordinal),
            "an event");
        var told = Assert.Single(events.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => line.Contains("HostPathTaken", StringComparison.Ordinal));
        Assert.StartsWith("Warning HostPathTaken Ingress/", told, StringComparison.Ordinal);
        Assert.Contains("is taken by Ingress", told, StringComparison.Ordinal);
    }
}
