using Microsoft.Extensions.Logging.Abstractions;
using Turnpike.Hosting.Apply;
using Turnpike.Hosting.Client;
using Turnpike.Tests.Support.Kubernetes;
using static Turnpike.Tests.Support.Kubernetes.KubeObjects;

namespace Turnpike.Tests.Integration.Runtime;

public sealed class EventTests(ApiServerFixture server)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Event_IsShownByDescribe_AndRepeated_IsCounted()
    {
        var ns = await server.CreateNamespaceAsync(Cancelled);
        var made = await server.Api.CreateAsync(
            Kind.ConfigMaps,
            ns,
            Parse("""{"metadata":{"name":"subject"}}"""),
            WriteOptions.Default,
            Cancelled);
        var publisher = new EventPublisher(
            server.Api, "turnpike.io/test", "replica-a", NullLogger<EventPublisher>.Instance, TimeProvider.System);
        var subject = new EventSubject(Kind.ConfigMaps, made.Key(), made.Uid());
        for (var i = 0; i < 3; i++)
        {
            await publisher.PublishAsync(
                subject, EventSeverity.Warning, "Broken", "Compile", "spec.route: weights must total 100", Cancelled);
        }

        var described = await server.KubectlAsync(Cancelled, "describe", "configmap", "subject", "-n", ns);
        Assert.Contains("spec.route: weights must total 100", described, StringComparison.Ordinal);
        var events = await server.KubectlAsync(
            Cancelled,
            "get",
            "events.v1.events.k8s.io",
            "-n",
            ns,
            "-o",
            "jsonpath={range .items[*]}{.type} {.reason} {.regarding.name} {.reportingController} {.series.count}{\"\\n\"}{end}");
        Assert.Equal("Warning Broken subject turnpike.io/test 3\n", events);
    }
}
