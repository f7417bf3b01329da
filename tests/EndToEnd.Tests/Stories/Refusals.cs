namespace Turnpike.Tests.EndToEnd.Stories;

/// <summary>Invalid objects are refused, and their author learns why.</summary>
public sealed class Refusals(Cluster cluster)
{
    [Fact]
    public Task Apply_NamesEveryFault() => Story.TellAsync(cluster, "What is wrong is refused, by field", async story =>
    {
        await story.DoAsync("install Turnpike", cluster.InstalledAsync);
        await using var place = await Workplace.CreateAsync(cluster, "e2e-refusals");

        await story.CheckAsync("a RouteRule with three faults: kubectl tells all of them", async () =>
        {
            var refusal = (await place.TryApplyAsync("""
                apiVersion: config.istio.io/v1alpha2
                kind: RouteRule
                metadata: {name: wrong}
                spec:
                  destination: {name: httpbin}
                  match: {request: {headers: {uri: {regex: "/a(b"}}}}
                  route:
                  - {weight: 60, labels: {version: v1}}
                  - {weight: 30, labels: {version: v2}}
                  http_req_timeout: {simple_timeout: {timeout: soon}}
                """)).Failed();
            Assert.Contains("spec.match.request.headers[uri].regex", refusal, StringComparison.Ordinal);
            Assert.Contains("weights must total 100", refusal, StringComparison.Ordinal);
            Assert.Contains("spec.http_req_timeout.simple_timeout.timeout", refusal, StringComparison.Ordinal);
            Assert.Contains("soon", refusal, StringComparison.Ordinal);
        });
        await story.CheckAsync("it is not there", async () =>
            Assert.Equal("", await cluster.Shell.RunAsync($"kubectl get routerules -n {place.Namespace} -o name")));
        await story.CheckAsync("faults of the camelCase spelling are told in it", async () => Assert.Contains(
            "spec.httpReqTimeout.simpleTimeout.timeout",
            (await place.TryApplyAsync("""
                apiVersion: config.istio.io/v1alpha2
                kind: RouteRule
                metadata: {name: wrong}
                spec: {destination: {name: httpbin}, httpReqTimeout: {simpleTimeout: {timeout: 0s}}}
                """)).Failed(),
            StringComparison.Ordinal));
        await story.CheckAsync("an unknown field is a fault, not lost in silence", async () => Assert.Contains(
            "http_req_timout",
            (await place.TryApplyAsync("""
                apiVersion: config.istio.io/v1alpha2
                kind: RouteRule
                metadata: {name: wrong}
                spec: {destination: {name: httpbin}, http_req_timout: {simple_timeout: {timeout: 3s}}}
                """)).Failed(),
            StringComparison.Ordinal));
        await story.CheckAsync("an Ingress with a wrong annotation and two certificates for one host", async () =>
        {
            var refusal = (await place.TryApplyAsync(WrongIngress("istio"))).Failed();
            Assert.Contains("metadata.annotations[turnpike.io/http]", refusal, StringComparison.Ordinal);
            Assert.Contains("spec.tls[1].hosts[0]", refusal, StringComparison.Ordinal);
        });
        await story.CheckAsync("the same Ingress of another class is none of our business", () => place.ApplyAsync(WrongIngress("nginx")));
        await story.CheckAsync("a change that makes a good rule wrong is refused, the rule stays", async () =>
        {
            await place.ApplyAsync(Rule("3s"));
            Assert.Contains("simple_timeout.timeout", (await place.TryApplyAsync(Rule("3 parsecs"))).Failed(), StringComparison.Ordinal);
            Assert.Equal("3s", await cluster.Shell.RunAsync(
                $"kubectl get routerule good -n {place.Namespace} -o jsonpath='{{.spec.http_req_timeout.simple_timeout.timeout}}'"));
        });
    });

    private static string Rule(string timeout) => Manifests.TimeoutRule("good", timeout);

    private static string WrongIngress(string className) =>
        Manifests
            .Ingress(
                "wrong",
                className,
                "a.example",
                more: "tls: [{hosts: [a.example], secretName: one}, {hosts: [a.example], secretName: two}]")
            .Replace("  annotations:\n", "  annotations:\n    turnpike.io/http: perhaps\n", StringComparison.Ordinal);
}
