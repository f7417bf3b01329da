using System.Text.Json;
using Turnpike.Hosting.Client;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Kubernetes;

namespace Turnpike.Tests.Integration.ControlPlane;

/// <summary>Hosts of one namespace against another, through admission, the leader's records and Events.</summary>
[Collection<WithOperator>]
public sealed class HostOwnershipTests(OperatorFixture cluster)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Host_IsWrittenDown_KeptAgainstAnother_AndFreeWhenItIsNamedNoLonger()
    {
        var (owner, other) = (await cluster.CreateNamespaceAsync(Cancelled), await cluster.CreateNamespaceAsync(Cancelled));
        var host = $"{owner}.example.com";
        (await SendAsync(owner, "create", IngressAdmissionTests.Ingress("web", host, "web", 80))).Expect();
        await Wait.For(ct => RecordAsync(owner, ct), record => record?.TextAt("data.hosts") == host, "the record of the host");

        var refused = await SendAsync(other, "create", IngressAdmissionTests.Ingress("web", host, "web", 80));
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(
            $"denied the request: Ingress \"web\" asks for hosts that belong to other namespaces: spec.rules[0].host: host {host} belongs to another namespace",
            refused.Error,
            StringComparison.Ordinal);
        Assert.DoesNotContain($"namespace {owner}", refused.Error, StringComparison.Ordinal);

        // An Ingress of its own, older than what it asks for now, makes no difference.
        (await SendAsync(other, "create", IngressAdmissionTests.Ingress("web", $"{other}.example.com", "web", 80))).Expect();
        Assert.Equal(1, (await SendAsync(other, "replace", IngressAdmissionTests.Ingress("web", host, "web", 80))).ExitCode);

        await cluster.KubectlAsync(Cancelled, "annotate", "ingress", "web", "-n", owner, $"turnpike.io/share-host-with={other}");
        await Wait.For(
            _ => SendAsync(other, "replace", IngressAdmissionTests.Ingress("web", host, "web", 80), "--dry-run=server"),
            run => run.ExitCode == 0,
            "consent to be known");

        await cluster.KubectlAsync(Cancelled, "delete", "ingress", "web", "-n", owner);
        await Wait.For(ct => RecordAsync(owner, ct), record => record is null, "the record to go with the last host");
        (
            await Wait.For(
                _ => SendAsync(other, "replace", IngressAdmissionTests.Ingress("web", host, "web", 80)),
                run => run.ExitCode == 0,
                "the host to be free")).Expect();
        await Wait.For(ct => RecordAsync(other, ct), record => record?.TextAt("data.hosts") == host, "the record of its new owner");
    }

    [Fact]
    public async Task IngressThatGotInAllTheSame_IsToldByAnEvent_WithoutTheOwnersName()
    {
        var (owner, other) = (await cluster.CreateNamespaceAsync(Cancelled), await cluster.CreateNamespaceAsync(Cancelled));
        var host = $"{owner}.example.com";
        var settings = await cluster.KubectlAsync(
            Cancelled, "get", "configmap", "istio", "-n", "istio-system", "-o", "jsonpath={.data.mesh}");
        await SetMeshAsync(settings + "\nhostOwnership: shared\n");
        try
        {
            (await SendAsync(owner, "create", IngressAdmissionTests.Ingress("web", host, "web", 80))).Expect();
            await Wait.For(
                ct => RecordAsync(owner, ct), record => record?.TextAt("data.paths") == $"{host} prefix /", "the record of the path");
            (
                await Wait.For(
                    _ => SendAsync(other, "create", IngressAdmissionTests.Ingress("web", host, "web", 80)),
                    run => run.ExitCode == 0,
                    "hosts to be nobody's")).Expect();
        }
        finally
        {
            await SetMeshAsync(settings);
        }
        var events = await Wait.For(
            ct =>
                cluster.KubectlAsync(
                    ct,
                    "get",
                    "events",
                    "-n",
                    other,
                    "-o",
                    "jsonpath={range .items[*]}{.type} {.reason} {.involvedObject.kind}/{.involvedObject.name}: {.message}{\"\\n\"}{end}"),
            text => text.Contains("HostNotPermitted", StringComparison.Ordinal),
            "an event");
        Assert.Contains(
            $"Warning HostNotPermitted Ingress/web: spec.rules[0].host: host {host} belongs to another namespace",
            events,
            StringComparison.Ordinal);
        Assert.DoesNotContain($"namespace {owner}", events, StringComparison.Ordinal);
    }

    private Task<JsonElement?> RecordAsync(string ns, CancellationToken ct) =>
        cluster.Api.FindAsync(Kind.ConfigMaps, new NamespacedName("istio-system", Turnpike.Api.Names.HostRecordPrefix + ns), ct);

    private Task<JsonElement> SetMeshAsync(string text) =>
        cluster.Api.MergeAsync(
            Kind.ConfigMaps,
            new("istio-system", "istio"),
            $$"""{"data":{"mesh":{{JsonSerializer.Serialize(text)}}} }""",
            CancellationToken.None);

    private Task<ProgramRun> SendAsync(string ns, string verb, string yaml, params string[] flags) =>
        cluster.KubectlAsync(yaml, Cancelled, [verb, "-n", ns, "-f", "-", .. flags]);
}
