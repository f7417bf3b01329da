using System.Text.Json.Nodes;

namespace Turnpike.Tests.Cli;

/// <summary>explain in a pipeline: what touches the request, and whether it goes as expected.</summary>
public sealed class ExplainExpectationTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public ExplainExpectationTests()
    {
        _directory.Write("service.yaml", SampleManifests.Service(80));
        _directory.Write("ingress.yaml", """
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata:
              name: web
              annotations: {kubernetes.io/ingress.class: istio, turnpike.io/http: allow}
            spec:
              tls:
              - {hosts: [secure.example.com], secretName: gone}
              rules:
              - host: a.example.com
                http:
                  paths:
                  - {path: /web, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
                  - {path: /gone, pathType: Prefix, backend: {service: {name: gone, port: {number: 80}}}}
              - host: secure.example.com
                http:
                  paths:
                  - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
            """);
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Problems_AreThoseOfThePathThatWasTaken()
    {
        var run = await RunAsync("GET", "http://a.example.com/web");
        Assert.DoesNotContain("\nproblem ", run.Output, StringComparison.Ordinal);
        Assert.Contains("\nalso          Ingress default/web: spec.tls[0].secretName: ", run.Output, StringComparison.Ordinal);
        Assert.Contains("\nalso          Ingress default/web: spec.rules[0].http.paths[1].backend: ", run.Output, StringComparison.Ordinal);

        var gone = await RunAsync("GET", "http://a.example.com/gone");
        Assert.Contains(
            "\nproblem       Ingress default/web: spec.rules[0].http.paths[1].backend: ", gone.Output, StringComparison.Ordinal);
        Assert.Contains("\nalso          Ingress default/web: spec.tls[0].secretName: ", gone.Output, StringComparison.Ordinal);

        var secure = await RunAsync("GET", "https://secure.example.com/", "-o", "json");
        var json = JsonNode.Parse(secure.Output)!;
        Assert.StartsWith(
            "Ingress default/web: spec.tls[0].secretName: ", (string?)Assert.Single(json["problems"]!.AsArray()), StringComparison.Ordinal);
        Assert.StartsWith(
            "Ingress default/web: spec.rules[0].http.paths[1].backend: ",
            (string?)Assert.Single(json["also"]!.AsArray()),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://a.example.com/web", "--expect", "200")]
    [InlineData("http://a.example.com/web", "--expect-backend", "default/web")]
    [InlineData("http://a.example.com/web", "--expect-backend", "default/web:80")]
    [InlineData("http://a.example.com/other", "--expect", "404")]
    [InlineData("http://a.example.com/gone", "--expect", "503")]
    public async Task AsExpected_LeavesWithZero(params string[] arguments)
    {
        var run = await RunAsync(["GET", .. arguments]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
    }

    [Theory]
    [InlineData(
        "--expect 200: the response is 404: no Ingress path for host a.example.com matches /other",
        "http://a.example.com/other",
        "--expect",
        "200")]
    [InlineData("--expect 404: the response is the endpoint's response; 504 after 15s", "http://a.example.com/web", "--expect", "404")]
    [InlineData(
        "--expect-backend default/we: the request goes to default/web:80",
        "http://a.example.com/web",
        "--expect-backend",
        "default/we")]
    [InlineData(
        "--expect-backend default/web:8: the request goes to default/web:80",
        "http://a.example.com/web",
        "--expect-backend",
        "default/web:8")]
    [InlineData(
        "--expect-backend default/web: the request goes to no service: "
            + "the response is 404: no Ingress path for host a.example.com matches /other",
        "http://a.example.com/other",
        "--expect-backend",
        "default/web")]
    public async Task NotAsExpected_SaysWhyAndLeavesWithOne(string fault, params string[] arguments)
    {
        var run = await RunAsync(["GET", .. arguments]);
        Assert.Equal((1, $"turnpike: the request is not routed as expected: {fault}\n"), (run.ExitCode, run.Error));
        Assert.StartsWith("request       GET ", run.Output, StringComparison.Ordinal);
    }

    private Task<CliRun> RunAsync(params string[] arguments) => CliRun.Of(["explain", .. arguments, "--config-dir", _directory.Path]);
}
