using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Turnpike.Hosting.Client;
using Turnpike.Operator.Manifests;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Kubernetes;

namespace Turnpike.Tests.Integration.ControlPlane;

/// <summary>What the roles grant beside what the API server's audit log shows: a run in which the operator does all that it does.</summary>
public sealed class PermissionTests(OperatorFixture cluster) : IClassFixture<OperatorFixture>
{
    private const string User = "system:serviceaccount:istio-system:turnpike-operator";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhatIsGranted_IsUsed_AndWhatIsUsed_IsGranted()
    {
        var (ns, loser) = await DoEverythingAsync();
        var mine = false;
        await Wait.For(
            async ct =>
            {
                // The fault of the Ingress comes and goes, so that its Event happens again.
                mine = !mine;
                await cluster.KubectlAsync(
                    ct, "annotate", "ingress", loser, "-n", ns, "--overwrite", $"kubernetes.io/ingress.class={(mine ? "istio" : "nginx")}");
                return Unused(await LogAsync(ct)).Where(use => !use.StartsWith("watch ", StringComparison.Ordinal)).ToList();
            },
            unused => unused.Count == 0,
            "everything granted to be used");
        // A watch is written down when it ends.
        await cluster.StopAsync();
        await Wait.For(async ct => Unused(await LogAsync(ct)), unused => unused.Count == 0, "everything granted to be used");

        var log = await LogAsync(Cancelled);
        var refused = log.Where(e => e.TextAt("responseStatus.code") == "403" && e.TextAt("responseStatus.reason") == "Forbidden")
            .Select(Describe)
            .Distinct();
        Assert.Empty(refused);
        if (cluster.Minor >= 21)
            Assert.DoesNotContain(log, e => e.TextAt("objectRef.resource") == "endpoints");
    }

    private static (string? Namespace, IReadOnlyList<Grant> Grants)[] Scopes() =>
    [
        (null, RbacManifests.OfCluster(Turnpike.Api.Profile.Istio2017)),
        ("istio-system", RbacManifests.OfSystemNamespace(Turnpike.Api.Profile.Istio2017)),
        (Turnpike.Api.Profile.Istio2017.SelfTestNamespace, RbacManifests.OfSelfTest),
    ];

    private async Task<List<JsonElement>> LogAsync(CancellationToken ct) =>
        [.. (await cluster.AuditAsync(ct)).Where(e => e.TextAt("user.username") == User)];

    private static List<string> Unused(List<JsonElement> log) =>
        [
            .. Scopes()
                .SelectMany(scope =>
                    scope.Grants.Where(grant => grant.OnlyFor is null).SelectMany(grant => Unused(grant, scope.Namespace, log))),
        ];

    private static IEnumerable<string> Unused(Grant grant, string? ns, List<JsonElement> events) =>
        from resource in grant.Resources
        from verb in grant.Verbs
        where !events.Any(e => IsUse(e, grant, resource, verb, ns))
        select $"{verb} {grant.ApiGroup}/{resource} in {ns ?? "the cluster"} ({grant.Reason})";

    /// <summary>
    /// A request that would be refused without this grant, as far as its rule says. An apply that makes the object shows as a patch.
    /// </summary>
    private static bool IsUse(JsonElement e, Grant grant, string resource, string verb, string? ns)
    {
        var parts = resource.Split('/');
        var (seen, code) = (e.TextAt("verb"), e.TextAt("responseStatus.code"));
        return (seen == verb || (verb == "create" && seen == "patch" && code == "201"))
            && e.TextAt("objectRef.resource") == parts[0]
            && (e.TextAt("objectRef.subresource") ?? "") == (parts.Length > 1 ? parts[1] : "")
            && (e.TextAt("objectRef.apiGroup") ?? "") == grant.ApiGroup
            && (ns is null || e.TextAt("objectRef.namespace") == ns)
            && (grant.Names.Length == 0 || grant.Names.Contains(e.TextAt("objectRef.name")));
    }

    private static string Describe(JsonElement e) => $"{e.TextAt("verb")} {e.TextAt("requestURI")}: {e.TextAt("responseStatus.message")}";

    /// <summary>An Ingress with an address, rules with conditions, an Event that happens again, a caller with a token.</summary>
    private async Task<(string Namespace, string Loser)> DoEverythingAsync()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        await cluster.Api.PatchAsync(
            Kind.Services,
            new("istio-system", "istio-ingress"),
            PatchKind.Merge,
            KubeObjects.Parse("""{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.10"}]}}}"""),
            new() { Subresource = "status" },
            Cancelled);
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

        (
            await cluster.KubectlAsync(
                OperatorFixture.RouteRule("good", "route: [{weight: 100}]"), Cancelled, "create", "-n", ns, "-f", "-")).Expect();
        var loser = await LoserAsync(ns);
        await GiveHostBackAsync();

        using var client = new HttpClient(
            new SocketsHttpHandler { SslOptions = new() { RemoteCertificateValidationCallback = (_, _, _, _) => true } })
        {
            BaseAddress = new Uri($"https://127.0.0.1:{cluster.Options.DiscoveryPort}"),
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/turnpike.discovery.v1.Discovery/Stream")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([]),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync());
        using var response = await client.SendAsync(request, Cancelled);
        return (ns, loser);
    }

    /// <summary>A namespace has a host, and then none.</summary>
    private async Task GiveHostBackAsync()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        (
            await cluster.KubectlAsync(
                IngressAdmissionTests.Ingress("web", $"{ns}.example.com", "web", 80), Cancelled, "create", "-n", ns, "-f", "-")).Expect();
        var record = new NamespacedName("istio-system", Turnpike.Api.Names.HostRecordPrefix + ns);
        await Wait.For(ct => cluster.Api.FindAsync(Kind.ConfigMaps, record, ct), found => found is not null, "the record of a host");
        await cluster.KubectlAsync(Cancelled, "delete", "ingress", "web", "-n", ns);
    }

    /// <summary>Returns a token of the ingress, for which the operator has made an account.</summary>
    private async Task<string> TokenAsync()
    {
        using var body = new StringContent(
            $$"""{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"audiences":["{{Turnpike.Api.Names.IngressAudience}}"]} }""",
            null,
            "application/json");
        var accounts = new ResourceRef("", "v1", "serviceaccounts", "ServiceAccount");
        return (
            await cluster.Api.RequestAsync(
                HttpMethod.Post,
                accounts.PathOf(new("istio-system", Turnpike.Api.Profile.Istio2017.IngressService), "token"),
                body,
                Cancelled)).TextAt("status.token")!;
    }

    /// <summary>The Ingress that was told that it came too late.</summary>
    private async Task<string> LoserAsync(string ns)
    {
        var subject = await Wait.For(
            ct =>
                cluster.KubectlAsync(
                    ct,
                    "get",
                    "events",
                    "-n",
                    ns,
                    "-o",
                    "jsonpath={range .items[*]}{.reason} {.involvedObject.name}{\"\\n\"}{end}"),
            text => text.Contains("HostPathTaken", StringComparison.Ordinal),
            "an event");
        return subject.Split('\n').First(line => line.StartsWith("HostPathTaken", StringComparison.Ordinal)).Split(' ')[1];
    }
}
