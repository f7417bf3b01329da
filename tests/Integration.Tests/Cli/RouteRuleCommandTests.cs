using System.Text.Json.Nodes;
using Turnpike.Cli;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Kubernetes;

namespace Turnpike.Tests.Integration.Cli;

/// <summary>The commands of 2017 against a real API server.</summary>
public sealed class RouteRuleCommandTests(ApiServerFixture server)
{
    private const string Rule = """
        apiVersion: config.istio.io/v1alpha2
        kind: RouteRule
        metadata:
          name: httpbin-3s-rule
          labels: {team: a}
          annotations: {note: "3"}
        spec:
          destination:
            name: httpbin
          http_req_timeout:
            simple_timeout:
              timeout: 3s
        """;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rule_GoesThroughItsWholeLife()
    {
        var ns = await server.CreateNamespaceAsync(Cancelled);
        var created = await Istioctl(Rule, "create", "-f", "-", "-n", ns);
        Assert.Equal((0, ""), (created.ExitCode, created.Error));
        Assert.Equal(
            $"Created config route-rule/{ns}/httpbin-3s-rule at revision {await Stored(ns, ".metadata.resourceVersion")}\n",
            created.Output);
        Assert.Equal("3s", await Stored(ns, ".spec.httpReqTimeout.simpleTimeout.timeout"));
        Assert.Equal("a", await Stored(ns, ".metadata.labels.team"));
        Assert.Equal("turnpike-cli", await Stored(ns, ".metadata.managedFields[0].manager"));

        var again = await Istioctl(Rule, "create", "-f", "-", "-n", ns);
        Assert.Equal(
            (
                255,
                "Error: cannot create route-rule/"
                    + ns
                    + "/httpbin-3s-rule: routerules.config.istio.io \"httpbin-3s-rule\" already exists\n"),
            (again.ExitCode, again.Error));

        var table = await Istioctl("", "get", "routerules", "-n", ns);
        Assert.Equal(
            "NAME              KIND                                 NAMESPACE\nhttpbin-3s-rule   RouteRule.v1alpha2.config.istio.io   "
                + $"{ns}\n",
            table.Output);

        var printed = await Istioctl("", "get", "routerule", "httpbin-3s-rule", "-o", "yaml", "-n", ns);
        var replaced = await Istioctl(printed.Output.Replace("timeout: 3s", "timeout: 5s", StringComparison.Ordinal), "replace", "-f", "-");
        Assert.Equal(
            $"Updated config route-rule/{ns}/httpbin-3s-rule to revision {await Stored(ns, ".metadata.resourceVersion")}\n",
            replaced.Output);
        Assert.Equal("5s", await Stored(ns, ".spec.httpReqTimeout.simpleTimeout.timeout"));
        Assert.Equal("3", await Stored(ns, ".metadata.annotations.note"));

        // The printed object has an older revision now.
        var late = await Istioctl(printed.Output, "replace", "-f", "-");
        Assert.Equal(255, late.ExitCode);
        Assert.StartsWith(
            $"Error: cannot replace route-rule/{ns}/httpbin-3s-rule: Operation cannot be fulfilled on ",
            late.Error,
            StringComparison.Ordinal);
        Assert.Contains("the object has been modified", Assert.Single(late.ErrorLines), StringComparison.Ordinal);

        // An object without a revision replaces the current one.
        Assert.Equal(0, (await Istioctl(Rule, "replace", "-f", "-", "-n", ns)).ExitCode);
        Assert.Equal("3s", await Stored(ns, ".spec.httpReqTimeout.simpleTimeout.timeout"));

        var deleted = await Istioctl("", "delete", "routerule", "httpbin-3s-rule", "-n", ns);
        Assert.Equal((0, "Deleted config: routerule httpbin-3s-rule\n"), (deleted.ExitCode, deleted.Output));
        Assert.Equal("No resources found.\n", (await Istioctl("", "get", "routerule", "httpbin-3s-rule", "-n", ns)).Output);
        var gone = await Istioctl("", "delete", "routerule", "httpbin-3s-rule", "-n", ns);
        Assert.Equal(
            (255, $"Error: cannot delete httpbin-3s-rule: routerules.config.istio.io \"httpbin-3s-rule\" not found in namespace {ns}\n"),
            (gone.ExitCode, gone.Error));
        var missing = await Istioctl(Rule, "replace", "-f", "-", "-n", ns);
        Assert.Contains("revision is required", missing.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Walkthrough_WorksWithoutNamespace()
    {
        Assert.Equal(0, (await Istioctl(Rule, "create", "-f", "-")).ExitCode);
        Assert.Equal("3s", await Stored("default", ".spec.httpReqTimeout.simpleTimeout.timeout"));
        Assert.Equal("Deleted config: routerule httpbin-3s-rule\n", (await Istioctl("", "delete", "routerule", "httpbin-3s-rule")).Output);
    }

    [Fact]
    public async Task Wait_EndsWithTheStatusOfTheGeneration()
    {
        var ns = await server.CreateNamespaceAsync(Cancelled);
        Assert.Equal(0, (await Istioctl(Rule, "create", "-f", "-", "-n", ns)).ExitCode);
        await SetProgrammed(ns, generation: 1);
        var replace = Istioctl(
            Rule.Replace("3s\n", "4s\n", StringComparison.Ordinal).Replace("timeout: 3s", "timeout: 4s", StringComparison.Ordinal),
            "replace",
            "-f",
            "-",
            "-n",
            ns,
            "--wait=20s");
        await Wait.For(_ => Stored(ns, ".metadata.generation"), stored => stored == "2" || replace.IsCompleted, "the next generation");
        Assert.False(replace.IsCompleted);
        await SetProgrammed(ns, generation: 2);
        var run = await replace;
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains($"\nIn force route-rule/{ns}/httpbin-3s-rule after ", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownNamespace_IsTheServersToRefuse()
    {
        var run = await Istioctl(Rule, "create", "-f", "-", "-n", "nowhere");
        Assert.Equal(255, run.ExitCode);
        Assert.Equal("Error: cannot create route-rule/nowhere/httpbin-3s-rule: namespaces \"nowhere\" not found\n", run.Error);
    }

    [Fact]
    public async Task OtherKind_IsSentAsItIs_AndItsSchemaRefusesAFaultALine()
    {
        var definition = """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: quotaspecs.config.istio.io}
            spec:
              group: config.istio.io
              names: {kind: QuotaSpec, plural: quotaspecs}
              scope: Namespaced
              versions:
              - name: v1alpha2
                served: true
                storage: true
                schema:
                  openAPIV3Schema:
                    type: object
                    properties:
                      spec:
                        type: object
                        required: [rules]
                        properties:
                          rules: {type: array, items: {type: string}}
                          charge: {type: integer}
            """;
        (await server.KubectlAsync(definition, Cancelled, "apply", "-f", "-")).Expect();
        await server.EstablishedAsync(Cancelled, "crd/quotaspecs.config.istio.io");
        var ns = await server.CreateNamespaceAsync(Cancelled);

        var refused = await Turnpike("kind: QuotaSpec\nmetadata: {name: q}\nspec: {charge: much}", "create", "-f", "-", "-n", ns);
        Assert.Equal(1, refused.ExitCode);
        Assert.Equal($"turnpike: cannot create quota-spec/{ns}/q: QuotaSpec.config.istio.io \"q\" is invalid:", refused.ErrorLines[0]);
        Assert.Equal(3, refused.ErrorLines.Length);
        Assert.Contains(refused.ErrorLines, line => line.StartsWith("  spec.charge: Invalid value: ", StringComparison.Ordinal));
        Assert.Contains(refused.ErrorLines, line => line.StartsWith("  spec.rules: Required value", StringComparison.Ordinal));

        var taken = await Turnpike("kind: QuotaSpec\nmetadata: {name: q}\nspec: {rules: [a]}", "create", "-f", "-", "-n", ns);
        Assert.Equal((0, ""), (taken.ExitCode, taken.Error));
        Assert.StartsWith($"Created config quota-spec/{ns}/q at revision ", taken.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await Turnpike("kind: QuotaSpec\nmetadata: {name: q}", "delete", "-f", "-", "-n", ns)).ExitCode);
    }

    [Fact]
    public async Task Schema_AcceptsEverySampleInBothSpellings()
    {
        var ns = await server.CreateNamespaceAsync(Cancelled);
        var sample = await File.ReadAllTextAsync(
            Path.Combine(ApiServer.Repository, "config", "samples", "httpbin-3s-rule.yaml"), Cancelled);
        (await server.KubectlAsync(sample, Cancelled, "apply", "-n", ns, "-f", "-")).Expect();
        var printed = await Turnpike("", "get", "routerules", "-o", "yaml", "-n", ns);
        Assert.Contains("httpReqTimeout:", printed.Output, StringComparison.Ordinal);
        (await server.KubectlAsync(printed.Output, Cancelled, "replace", "-f", "-")).Expect();
    }

    /// <summary>The API server adds nothing to an injected field that has one owner as a whole.</summary>
    [Fact]
    public async Task InjectedWorkload_IsAppliedServerSide_WithoutAConflict()
    {
        var ns = await server.CreateNamespaceAsync(Cancelled);
        var injected = await Turnpike("", "kube-inject", "-f", Path.Combine(ApiServer.Repository, "config", "samples", "httpbin.yaml"));
        Assert.Contains("fieldRef:", injected.Output, StringComparison.Ordinal);
        (await server.KubectlAsync(injected.Output, Cancelled, "apply", "-n", ns, "-f", "-")).Expect();
        var again = await server.KubectlAsync(
            injected.Output, Cancelled, "apply", "--server-side", "--field-manager=another", "-n", ns, "-f", "-");
        // Old servers ask for the protocol in the sample's own Service besides.
        Assert.Contains("deployment.apps/httpbin serverside-applied", again.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("conflict", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_SaysWhatIsMissing()
    {
        var run = await Turnpike("", "status", "-o", "json");
        Assert.Equal((1, ""), (run.ExitCode, run.Error));
        var parts = JsonNode.Parse(run.Output)!["parts"]!.AsArray();
        Assert.Equal("there is no Deployment istio-system/turnpike-operator", (string?)parts[0]!["problems"]![0]);
    }

    private Task SetProgrammed(string ns, int generation) => SetStatus(ns, new JsonObject
    {
        ["observedGeneration"] = generation,
        ["conditions"] = new JsonArray(new JsonObject
        {
            ["type"] = "Programmed",
            ["status"] = "True",
            ["reason"] = "InForce",
            ["message"] = "every proxy has it",
            ["lastTransitionTime"] = "2024-01-01T00:00:00Z",
            ["observedGeneration"] = generation,
        }),
    });

    /// <summary>Sets the status through the API itself, because kubectl of this version writes no subresources.</summary>
    private async Task SetStatus(string ns, JsonObject status)
    {
        using var api = new Hosting.Client.KubeApi(Hosting.Client.KubeEndpoint.FromKubeconfig(server.Kubeconfig));
        var rules = new Hosting.Client.ResourceRef("config.istio.io", "v1alpha2", "routerules", "RouteRule");
        await api.PatchAsync(
            rules,
            new(ns, "httpbin-3s-rule"),
            Hosting.Client.PatchKind.Merge,
            new JsonObject { ["status"] = status },
            new() { Subresource = "status" },
            Cancelled);
    }

    private Task<string> Stored(string ns, string path) =>
        server.KubectlAsync(Cancelled, "get", "routerule", "httpbin-3s-rule", "-n", ns, "-o", $"jsonpath={{{path}}}");

    private Task<CliRun> Istioctl(string input, params string[] arguments) => Run("istioctl", input, arguments);

    private Task<CliRun> Turnpike(string input, params string[] arguments) => Run("turnpike", input, arguments);

    private async Task<CliRun> Run(string program, string input, string[] arguments)
    {
        using var reader = new StringReader(input);
        using var output = new StringWriter();
        using var error = new StringWriter();
        var process = new ProcessContext
        {
            CalledAs = program,
            Variable = name => name == "KUBECONFIG" ? server.Kubeconfig : null,
            Input = reader,
        };
        var code = await CommandLine.RunAsync(arguments, process, output, error, Cancelled);
        return new CliRun(code, output.ToString(), error.ToString());
    }

    private sealed record CliRun(int ExitCode, string Output, string Error)
    {
        public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
