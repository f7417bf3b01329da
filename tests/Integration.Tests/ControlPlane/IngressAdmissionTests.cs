using Turnpike.Tests.Support;

namespace Turnpike.Tests.Integration.ControlPlane;

/// <summary>
/// Ingresses in every version that the API server takes; it converts them for the webhook, which asks for one version alone.
/// </summary>
[Collection<WithOperator>]
public sealed class IngressAdmissionTests(OperatorFixture cluster)
{
    private const string Refusal = "admission webhook \"ingresses.turnpike.io\" denied the request: Ingress ";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("networking.k8s.io/v1")]
    [InlineData("networking.k8s.io/v1beta1")]
    [InlineData("extensions/v1beta1")]
    public async Task BadIngress_IsRefused_InWhateverVersionItIsWritten(string version)
    {
        await SkipUnlessServedAsync(version);
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        var bad = Ingress("bad", "a.example.com", "web", 80, version)
            .Replace("ingress.class: istio", "ingress.class: istio\n    turnpike.io/http: sometimes", StringComparison.Ordinal);
        var run = await SendAsync(ns, "create", bad);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(
            Refusal + "\"bad\" is invalid: metadata.annotations[turnpike.io/http]: Unsupported value: \"sometimes\": supported values: ",
            run.Error,
            StringComparison.Ordinal);

        // The webhook sees a v1beta1 backend in the form of v1.
        var backend = version == "networking.k8s.io/v1" ? "service: {name: web, port: {number: 80}}" : "serviceName: web, servicePort: 80";
        var resource = Ingress("bad", "a.example.com", "web", 80, version)
            .Replace(backend, "resource: {apiGroup: example.com, kind: Bucket, name: b}", StringComparison.Ordinal);
        run = await SendAsync(ns, "create", resource);
        Assert.Contains(
            Refusal
                + "\"bad\" is invalid: spec.rules[0].http.paths[0].backend.resource: Forbidden: only services are supported as backends",
            run.Error,
            StringComparison.Ordinal);

        (await SendAsync(ns, "create", Ingress("good", $"{ns}.example.com", "web", 80, version))).Expect();
        var update = await SendAsync(
            ns,
            "replace",
            Ingress("good", $"{ns}.example.com", "web", 80, version)
                .Replace(backend, "resource: {apiGroup: example.com, kind: Bucket, name: b}", StringComparison.Ordinal));
        Assert.Contains(
            Refusal + "\"good\" is invalid: spec.rules[0].http.paths[0].backend.resource: ", update.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task IngressOfAnotherClass_IsNoneOfOurBusiness()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        var other = Ingress("other", "a.example.com", "web", 80)
            .Replace("class: istio", "class: nginx\n    turnpike.io/http: sometimes", StringComparison.Ordinal);
        var run = await SendAsync(ns, "create", other);
        Assert.Equal(0, run.ExitCode);
        Assert.Empty(Warnings(run));

        var ours = await cluster.KubectlAsync(
            null, Cancelled, "annotate", "ingress", "other", "-n", ns, "--overwrite", "kubernetes.io/ingress.class=istio");
        Assert.Contains(Refusal, ours.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("networking.k8s.io/v1")]
    [InlineData("extensions/v1beta1")]
    public async Task MissingServicePortAndSecret_AreWarnedOf(string version)
    {
        await SkipUnlessServedAsync(version);
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        await cluster.KubectlAsync(Cancelled, "create", "service", "clusterip", "web", "--tcp=80", "-n", ns);
        var warned = await SendAsync(
            ns,
            "create",
            Ingress("a", $"a.{ns}.example.com", "gone", 80, version) + $"  tls: [{{hosts: [a.{ns}.example.com], secretName: none}}]\n");
        warned.Expect();
        Assert.Contains(
            Warnings(warned),
            w => w.StartsWith($"spec.rules[0].http.paths[0].backend: namespace {ns} has no service \"gone\"", StringComparison.Ordinal));
        Assert.Contains(
            Warnings(warned),
            w => w.StartsWith($"spec.tls[0].secretName: namespace {ns} has no usable TLS secret \"none\"", StringComparison.Ordinal));

        // The service was made a moment ago: the operator may not have seen it yet.
        var port = await Wait.For(
            _ => SendAsync(ns, "create", Ingress("b", $"b.{ns}.example.com", "web", 81, version), "--dry-run=server"),
            run => run.Error.Contains("has no port", StringComparison.Ordinal),
            "the service to be known");
        Assert.Contains(
            Warnings(port),
            w =>
                w.StartsWith(
                    "spec.rules[0].http.paths[0].backend: service \"web\" has no port 81; its requests get 503; its ports: 80 (80)",
                    StringComparison.Ordinal));
    }

    [Fact]
    public async Task HostAndPathOfAnother_AreWarnedOf()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        var host = $"{ns}.example.com";
        (await SendAsync(ns, "create", Ingress("first", host, "web", 80))).Expect();
        var taken = await Wait.For(
            _ => SendAsync(ns, "create", Ingress("second", host, "web", 80), "--dry-run=server"),
            run => run.Error.Contains("is taken", StringComparison.Ordinal),
            "the first Ingress to be known");
        Assert.Contains(
            Warnings(taken),
            w =>
                w.Contains($"host {host}", StringComparison.Ordinal)
                && w.Contains($"is taken by Ingress {ns}/first", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AnnotationsOfOtherControllers_AreTold_AndGuardsAreRefused()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        string With(string annotation) =>
            Ingress("a", $"{ns}.example.com", "web", 80)
                .Replace("class: istio", $"class: istio\n    {annotation}", StringComparison.Ordinal);
        const string guard =
            "metadata.annotations[nginx.ingress.kubernetes.io/whitelist-source-range]: Forbidden: asks ingress-nginx for limits to the "
                + "addresses of clients; ";
        var refused = await SendAsync(ns, "create", With("nginx.ingress.kubernetes.io/whitelist-source-range: 10.0.0.0/8"));
        Assert.Contains(Refusal + "\"a\" is invalid: " + guard, refused.Error, StringComparison.Ordinal);

        var warned = await SendAsync(ns, "create", With("nginx.ingress.kubernetes.io/rewrite-target: /"));
        warned.Expect();
        Assert.Contains(
            "metadata.annotations[nginx.ingress.kubernetes.io/rewrite-target]: has no effect: it is read by ingress-nginx alone; a "
                + "RouteRule with rewrite does that",
            Warnings(warned));

        var annotated = await cluster.KubectlAsync(
            null, Cancelled, "annotate", "ingress", "a", "-n", ns, "nginx.ingress.kubernetes.io/whitelist-source-range=10.0.0.0/8");
        Assert.Contains(guard, annotated.Error, StringComparison.Ordinal);
        // The annotation of cert-manager's solver admits every client.
        (
            await cluster.KubectlAsync(
                null,
                Cancelled,
                "annotate",
                "ingress",
                "a",
                "-n",
                ns,
                "nginx.ingress.kubernetes.io/whitelist-source-range=0.0.0.0/0,::/0")).Expect();
    }

    /// <summary>The API server refuses the object as <c>turnpike validate</c> does.</summary>
    [Fact]
    public async Task ClassThatIsNamedTwice_IsRefusedByTheApiServer()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        var twice = Ingress("a", $"{ns}.example.com", "web", 80)
            .Replace("spec:", "spec:\n  ingressClassName: other", StringComparison.Ordinal);
        var run = await SendAsync(ns, "create", twice);
        Assert.Contains("annotations.kubernetes.io/ingress.class: Invalid value: \"istio\": ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GoodIngress_IsTakenWithoutAWord()
    {
        var ns = await cluster.CreateNamespaceAsync(Cancelled);
        await cluster.KubectlAsync("""
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec: {ports: [{name: http, port: 80}]}
            """, Cancelled, "create", "-n", ns, "-f", "-");
        var quiet = await Wait.For(
            _ => SendAsync(ns, "create", Ingress("a", $"{ns}.example.com", "web", 80), "--dry-run=server"),
            run => !Warnings(run).Any(),
            "the service to be known");
        quiet.Expect();
    }

    /// <summary>The YAML of an Ingress of our class; it ends within its spec.</summary>
    internal static string Ingress(string name, string host, string service, int port, string version = "networking.k8s.io/v1")
    {
        var backend =
            version == "networking.k8s.io/v1"
                ? $"service: {{name: {service}, port: {{number: {port}}}}}"
                : $"serviceName: {service}, servicePort: {port}";
        return $$"""
            apiVersion: {{version}}
            kind: Ingress
            metadata:
              name: {{name}}
              annotations:
                kubernetes.io/ingress.class: istio
            spec:
              rules: [{host: {{host}}, http: {paths: [{path: /, pathType: Prefix, backend: { {{backend}} } } ] } } ]

            """;
    }

    /// <summary>Ours: from 1.22 on the API server has one of its own about the annotation of the class.</summary>
    private static IEnumerable<string> Warnings(ProgramRun run) => run.ErrorLines
        .Where(line => line.StartsWith("Warning: ", StringComparison.Ordinal) && !line.Contains(" is deprecated", StringComparison.Ordinal))
        .Select(line => line["Warning: ".Length..]);

    private async Task SkipUnlessServedAsync(string version)
    {
        var parts = version.Split('/');
        Assert.SkipUnless(
            await cluster.Api.ServesAsync(new(parts[0], parts[1], "ingresses", "Ingress"), Cancelled),
            $"this API server does not serve Ingress in {version}");
    }

    private Task<ProgramRun> SendAsync(string ns, string verb, string yaml, params string[] flags) =>
        cluster.KubectlAsync(yaml, Cancelled, [verb, "-n", ns, "-f", "-", .. flags]);
}
