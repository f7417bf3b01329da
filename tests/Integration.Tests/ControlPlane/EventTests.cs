using Turnpike.Tests.Support;

namespace Turnpike.Tests.Integration.ControlPlane;

/// <summary>Tests what <c>kubectl describe</c> shows under Events.</summary>
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
        {
            (
                await cluster.KubectlAsync(
                    IngressAdmissionTests.Ingress(name, $"{ns}.example.com", "web", 80),
                    Cancelled,
                    "create",
                    "-n",
                    ns,
                    "-f",
                    "-")).Expect();
        }

        var events = await EventsAsync(ns, "HostPathTaken");
        var told = Assert.Single(
            events.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => line.Contains("HostPathTaken", StringComparison.Ordinal));
        Assert.StartsWith("Warning HostPathTaken Ingress/", told, StringComparison.Ordinal);
        Assert.Contains("is taken by Ingress", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnnotationOfAnotherController_IsAnEvent()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        var ingress = IngressAdmissionTests
            .Ingress("web", $"{ns}.example.com", "web", 80)
            .Replace(
                "class: istio",
                "class: istio\n    nginx.ingress.kubernetes.io/rewrite-target: /\n    turnpike.io/htp: redirect",
                StringComparison.Ordinal);
        (await cluster.KubectlAsync(ingress, Cancelled, "create", "-n", ns, "-f", "-")).Expect();
        var events = await EventsAsync(ns, "turnpike.io/htp");
        Assert.Contains(
            "Warning NoEffect Ingress/web: metadata.annotations[turnpike.io/htp]: has no effect: there is no such annotation; did you "
                + "mean \"turnpike.io/http\"?",
            events,
            StringComparison.Ordinal);
        Assert.Contains(
            "Warning NoEffect Ingress/web: metadata.annotations[nginx.ingress.kubernetes.io/rewrite-target]: ",
            await EventsAsync(ns, "rewrite-target"),
            StringComparison.Ordinal);
    }

    private Task<string> EventsAsync(string ns, string text) =>
        Wait.For(
            ct =>
                cluster.KubectlAsync(
                    ct,
                    "get",
                    "events",
                    "-n",
                    ns,
                    "-o",
                    "jsonpath={range .items[*]}{.type} {.reason} {.involvedObject.kind}/{.involvedObject.name}: {.message}{\"\\n\"}{end}"),
            events => events.Contains(text, StringComparison.Ordinal),
            "an event");
}
