using Turnpike.Tests.Support;
using Turnpike.Tests.Support.FakeApiServer;

namespace Turnpike.Tests.Cli;

/// <summary>create, replace and delete against an API server.</summary>
public sealed class ClusterChangeTests : ClusterFixture
{
    private const string WrongRule =
        "kind: RouteRule\nmetadata: {name: wrong}\nspec: {destination: {name: web}, route: [{weight: 140}], precedense: 1}";
    private const string Quota = "apiVersion: config.istio.io/v1alpha2\nkind: QuotaSpec\nmetadata: {name: quota}\nspec: {rules: [1]}";

    [Fact]
    public async Task Create_SendsCamelCaseAndSaysTheRevision()
    {
        var run = await Run("istioctl", SampleManifests.Rule(), "create", "-f", "-");
        var stored = Rule("rule")!;
        Assert.Equal(
            (0, $"Created config route-rule/default/rule at revision {stored["metadata"]!["resourceVersion"]}\n", ""),
            (run.ExitCode, run.Output, run.Error));
        Assert.Equal("3s", (string?)stored["spec"]!["httpReqTimeout"]!["simpleTimeout"]!["timeout"]);
        Assert.Null(stored["spec"]!["http_req_timeout"]);
    }

    [Fact]
    public async Task Create_FillsInWhat2017LeftOut()
    {
        await Run("istioctl", "kind: RouteRule\nmetadata: {name: a}\nspec: {destination: {name: web}}", "create", "-f", "-");
        Assert.Equal("config.istio.io/v1alpha2", (string?)Rule("a")!["apiVersion"]);
    }

    [Theory]
    [InlineData("default")]
    [InlineData("mine", "-n", "mine")]
    public async Task Namespace_IsThatOfTheCommandLineElseDefault(string ns, params string[] options)
    {
        var run = await Run("turnpike", SampleManifests.Rule(), [.. options, "create", "-f", "-"]);
        Assert.Equal(0, run.ExitCode);
        Assert.NotNull(Rule("rule", ns));
    }

    [Fact]
    public async Task Namespace_IsThatOfTheContext_WhenNothingElseSays()
    {
        var file = WriteKubeconfig("context", Api.Url, "of-context");
        await Run("turnpike", SampleManifests.Rule(), "create", "-f", "-", "-c", file);
        await Run(
            "turnpike",
            SampleManifests.Rule().Replace("name: rule", "name: other\n  namespace: own", StringComparison.Ordinal),
            "create",
            "-f",
            "-",
            "-c",
            file);
        Assert.NotNull(Rule("rule", "of-context"));
        Assert.NotNull(Rule("other", "own"));
        Assert.Equal("Deleted config: routerule rule\n", (await Turnpike("delete", "routerule", "rule", "-c", file)).Output);
        Assert.Null(Rule("rule", "of-context"));
    }

    [Fact]
    public async Task Namespace_OfCommandLineAndObjectMustAgree()
    {
        var manifest = SampleManifests.Rule().Replace("name: rule", "name: rule\n  namespace: prod", StringComparison.Ordinal);
        var run = await Run("istioctl", manifest, "create", "-f", "-", "-n", "test");
        Assert.Equal(
            (255, "Error: configuration is invalid, nothing was created: stdin: document 1 (RouteRule prod/rule): "
                + "metadata.namespace is \"prod\" and the command line says \"test\": pass --namespace=prod\n"),
            (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task Fault_SendsNothingAndSaysAllFaults()
    {
        var run = await Run(
            "turnpike",
            $"{SampleManifests.Rule()}\n---\n{WrongRule}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: a}}",
            "create",
            "-f",
            "-");
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Equal("turnpike: configuration is invalid, nothing was created:", run.ErrorLines[0]);
        Assert.Contains(
            run.ErrorLines, line => line.StartsWith("  stdin: document 2 (RouteRule wrong): spec.route", StringComparison.Ordinal));
        Assert.Contains(
            run.ErrorLines, line => line.StartsWith("  stdin: document 2 (RouteRule wrong): spec.precedense", StringComparison.Ordinal));
        Assert.Equal(
            "  stdin: document 3 (Service a): kind Service is not known: only objects of config.istio.io are sent", run.ErrorLines[^1]);
        Assert.Empty(Api.All(Rules));
    }

    [Theory]
    [InlineData("create")]
    [InlineData("replace")]
    [InlineData("delete")]
    public async Task Nothing_IsAFailure(string command)
    {
        var run = await Run("istioctl", "# nothing\n---\n", command, "-f", "-");
        Assert.Equal((255, "", $"Error: nothing to {command}\n"), (run.ExitCode, run.Output, run.Error));
    }

    [Fact]
    public async Task Create_StopsAtTheFirstRefusal()
    {
        PutRule("b");
        var rules = string.Join(
            "\n---\n", "abc".Select(name => SampleManifests.Rule().Replace("name: rule", $"name: {name}", StringComparison.Ordinal)));
        var run = await Run("istioctl", rules, "create", "-f", "-");
        Assert.Equal(255, run.ExitCode);
        Assert.StartsWith("Created config route-rule/default/a at revision ", run.Output, StringComparison.Ordinal);
        Assert.Equal("Error: cannot create route-rule/default/b: routerules \"b\" already exists\n", run.Error);
        Assert.Null(Rule("c"));
    }

    [Fact]
    public async Task Refusal_IsShownWholeAFaultALine_WhenTheSchemaRefuses()
    {
        var causes = new Dictionary<string, string>
        {
            ["spec.route[0].weight"] = "Invalid value: 140: must be at most 100",
            ["spec.mirror"] = "Required value",
        };
        Api.FailNext(
            1,
            new Fault(422, null, "RouteRule.config.istio.io \"rule\" is invalid: [spec.a, spec.b]", causes),
            request => request.Method == "POST");
        var run = await Run("turnpike", SampleManifests.Rule(), "create", "-f", "-");
        Assert.Equal(
            [
                "turnpike: cannot create route-rule/default/rule: RouteRule.config.istio.io \"rule\" is invalid:",
                "  spec.route[0].weight: Invalid value: 140: must be at most 100",
                "  spec.mirror: Required value",
            ],
            run.ErrorLines);
    }

    [Theory]
    [InlineData(
        "[spec.route: Invalid value: 90: weights must total 100, spec.match.request.headers[uri].regex: Invalid value: \"(\": not a regex]"
    )]
    [InlineData(
        "spec.route: Invalid value: 90: weights must total 100; spec.match.request.headers[uri].regex: Invalid value: \"(\": not a regex")]
    [InlineData(
        "spec.route: Invalid value: 90: weights must total 100\nspec.match.request.headers[uri].regex: Invalid value: \"(\": not a regex\n"
    )]
    public async Task Refusal_IsShownWholeAFaultALine_WhenAWebhookRefuses(string message)
    {
        Api.FailNext(
            1,
            new Fault(403, null, "admission webhook \"rules.turnpike.io\" denied the request: " + message),
            request => request.Method == "POST");
        var run = await Run("turnpike", SampleManifests.Rule(), "create", "-f", "-");
        Assert.Equal(
            [
                "turnpike: cannot create route-rule/default/rule: admission webhook \"rules.turnpike.io\" denied the request:",
                "  spec.route: Invalid value: 90: weights must total 100",
                "  spec.match.request.headers[uri].regex: Invalid value: \"(\": not a regex",
            ],
            run.ErrorLines);
    }

    [Fact]
    public async Task Replace_TakesTheCurrentRevision()
    {
        PutRule("rule");
        var run = await Run("istioctl", SampleManifests.Rule("timeout: 5s"), "replace", "-f", "-");
        Assert.Equal($"Updated config route-rule/default/rule to revision {Rule("rule")!["metadata"]!["resourceVersion"]}\n", run.Output);
        Assert.Equal("5s", (string?)Rule("rule")!["spec"]!["httpReqTimeout"]!["simpleTimeout"]!["timeout"]);
    }

    [Fact]
    public async Task Replace_NeedsAnObjectToReplace()
    {
        var run = await Run("istioctl", SampleManifests.Rule(), "replace", "-f", "-");
        Assert.Equal(
            (255, "Error: cannot replace route-rule/default/rule: revision is required, and there is no such object\n"),
            (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task Replace_FailsWhenSomebodyElseWasFaster()
    {
        PutRule("rule");
        var printed = (await Turnpike("get", "routerule", "rule", "-o", "yaml")).Output;
        PutRule("rule", status: """{"observedGeneration": 1}""");
        var run = await Run("turnpike", printed, "replace", "-f", "-");
        Assert.Equal(
            (
                1,
                "turnpike: cannot replace route-rule/default/rule: the object has been modified; please apply your changes to the "
                    + "latest version\n"),
            (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task Delete_ByFileNeedsNoValidObject()
    {
        PutRule("wrong");
        var run = await Run("istioctl", WrongRule, "delete", "-f", "-");
        Assert.Equal((0, "Deleted config: route-rule/default/wrong\n", ""), (run.ExitCode, run.Output, run.Error));
        Assert.Null(Rule("wrong"));
    }

    [Fact]
    public async Task Delete_GoesOnAndReportsAllFailures()
    {
        PutRule("b");
        var run = await Istioctl("delete", "routerule", "a", "b", "..", "");
        Assert.Equal((255, "Deleted config: routerule b\n"), (run.ExitCode, run.Output));
        Assert.Equal(
            [
                "Error: 3 objects could not be deleted:",
                "  cannot delete a: routerules.config.istio.io \"a\" not found in namespace default",
                "  cannot delete ..: \"..\" is not a name: lower-case letters, digits, '-' and '.', beginning and ending with a letter "
                    + "or digit",
                "  cannot delete : \"\" is not a name: lower-case letters, digits, '-' and '.', beginning and ending with a letter or "
                    + "digit",
            ],
            run.ErrorLines);
        Assert.DoesNotContain(
            Api.Requests,
            request =>
                request.Method == "DELETE"
                && !request.Path.EndsWith("/routerules/a", StringComparison.Ordinal)
                && !request.Path.EndsWith("/routerules/b", StringComparison.Ordinal));
    }

    [Fact]
    public async Task OtherKind_IsSentAsItIs_WhenTheServerServesIt()
    {
        Api.Serve("config.istio.io/v1alpha2/quotaspecs", "QuotaSpec");
        var run = await Run(
            "istioctl",
            $"{Quota.Replace("apiVersion: config.istio.io/v1alpha2\n", "", StringComparison.Ordinal)}\n---\n{SampleManifests.Rule()}",
            "create",
            "-f",
            "-");
        Assert.Equal(0, run.ExitCode);
        var stored = Api.Find("config.istio.io/v1alpha2/quotaspecs", "default", "quota")!;
        Assert.Equal(
            $"Created config route-rule/default/rule at revision {Rule("rule")!["metadata"]!["resourceVersion"]}\n"
            + $"Created config quota-spec/default/quota at revision {stored["metadata"]!["resourceVersion"]}\n",
            run.Output);
        Assert.Equal("config.istio.io/v1alpha2", (string?)stored["apiVersion"]);
    }

    [Fact]
    public async Task OtherKind_IsNotKnown_WhenTheServerDoesNotServeIt()
    {
        var run = await Run("istioctl", $"{SampleManifests.Rule()}\n---\n{Quota}", "create", "-f", "-");
        Assert.Equal(
            (
                255,
                "",
                "Error: configuration is invalid, nothing was created: stdin: document 2 (QuotaSpec quota): kind QuotaSpec is not known\n"),
            (run.ExitCode, run.Output, run.Error));
        Assert.Empty(Api.All(Rules));
    }

    [Fact]
    public async Task Wait_EndsWhenTheRuleIsInForce()
    {
        var create = Run("turnpike", SampleManifests.Rule(), "create", "-f", "-", "--wait=20s");
        // What is said of an older generation does not count; the store of this server gives none, so any does.
        await Wait.Until(() => Rule("rule") is not null || create.IsCompleted, "the rule");
        PutRule("rule", status: Conditions(("Accepted", "True", "fine", 2), ("Programmed", "True", "all proxies have it", 2)));
        var run = await create;
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Matches("\nIn force route-rule/default/rule after [0-9.]+ s\n$", run.Output);
    }

    [Theory]
    [InlineData("False", "True", "is not in force: Accepted is False (Reason): no such service\n")]
    [InlineData("True", "False", "not in force after 0.3 s: route-rule/default/rule: Programmed is False (Reason): no such service\n")]
    public async Task Wait_FailsAndSaysWhy(string accepted, string programmed, string message)
    {
        PutRule("rule", status: Conditions(("Accepted", accepted, "no such service", 9), ("Programmed", programmed, "no such service", 9)));
        var manifest = SampleManifests.Rule();
        Api.Faults = request =>
        {
            // The status stays as it is, as on a server where it is written by itself.
            if (request.Method == "GET" && Rule("rule")!["status"] is null)
            {
                PutRule(
                    "rule",
                    status: Conditions(("Accepted", accepted, "no such service", 9), ("Programmed", programmed, "no such service", 9)));
            }

            return null;
        };
        var run = await Run("turnpike", manifest, "replace", "-f", "-", "--wait=300ms");
        Assert.Equal(1, run.ExitCode);
        Assert.EndsWith(message, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoAnswer_IsOneLine()
    {
        var run = await Istioctl("get", "routerules", "-c", WriteKubeconfig("nobody", new Uri("http://127.0.0.1:1")));
        Assert.Equal(255, run.ExitCode);
        Assert.StartsWith(
            "Error: cannot reach the API server http://127.0.0.1:1/: Connection refused",
            Assert.Single(run.ErrorLines),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoKubeconfig_IsOneLine()
    {
        Assert.Equal(
            (1, "turnpike: no cluster is configured: give --kubeconfig FILE, set KUBECONFIG, or write ~/.kube/config\n"),
            await ErrorOf(CliRun.Of("delete", "routerule", "a")));
        Assert.Equal(
            (1, "turnpike: --kubeconfig: there is no file \"/nowhere\"\n"),
            await ErrorOf(CliRun.Of("delete", "routerule", "a", "-c", "/nowhere")));
        var broken = Directory.Write("broken", "clusters: [");
        var (code, error) = await ErrorOf(CliRun.Of("delete", "routerule", "a", "-c", broken));
        Assert.Equal(1, code);
        Assert.StartsWith($"turnpike: the kubeconfig \"{broken}\" cannot be used: ", error, StringComparison.Ordinal);
        Assert.EndsWith($"; to show it: kubectl config view --kubeconfig {broken}\n", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kubeconfig_WithAUserWithoutCredentials_SaysWhatTheUserNeeds()
    {
        var file = Directory.Write(
            "empty-user",
            (await File.ReadAllTextAsync(Kubeconfig, TestContext.Current.CancellationToken)).Replace(
                "{token: secret}", "{}", StringComparison.Ordinal));
        var run = await Turnpike("get", "routerules", "-c", file);
        Assert.Equal(
            (
                1,
                $"turnpike: the kubeconfig \"{file}\" cannot be used: user \"u\" has no credentials: it needs a token, a client certificate or an exec plugin; "
                    + $"to show it: kubectl config view --kubeconfig {file}\n"),
            (run.ExitCode, run.Error));
    }

    [Theory]
    [InlineData("create")]
    [InlineData("replace")]
    [InlineData("delete")]
    public async Task File_IsLookedAtBeforeTheCluster(string command)
    {
        var missing = await CliRun.Of(command, "-f", "/nowhere/a.yaml");
        Assert.Equal((1, "turnpike: -f: there is no file \"/nowhere/a.yaml\"\n"), (missing.ExitCode, missing.Error));
        var directory = await CliRun.Of(command, "-f", Directory.Path);
        Assert.Equal((1, $"turnpike: -f: \"{Directory.Path}\" is a directory, not a file\n"), (directory.ExitCode, directory.Error));
        var broken = Directory.Write(
            "broken.yaml", "kind: RouteRule\nmetadata: {name: a/b}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: a}");
        var faults = await CliRun.Of(command, "-f", broken);
        Assert.Equal(1, faults.ExitCode);
        Assert.Equal(
            [
                "turnpike: configuration is invalid, nothing was " + (command == "create" ? "created:" : command + "d:"),
                $"  {broken}: document 1 (RouteRule a/b): metadata.name: Invalid value: \"a/b\": lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit",
                $"  {broken}: document 2 (Service a): kind Service is not known: only objects of config.istio.io are sent",
            ],
            faults.ErrorLines);
        Assert.Equal(
            "turnpike: nothing to " + command + "\n", (await CliRun.Of(command, "-f", Directory.Write("empty.yaml", "# nothing"))).Error);
    }

    [Theory]
    [InlineData(
        "failed calling webhook \"routerules.turnpike.io\": Post \"https://turnpike-operator.istio-system.svc:443/validate\": dial "
            + "tcp: connection refused")]
    [InlineData(
        "failed calling webhook \"routerules.turnpike.io\": failed to call webhook: Post "
            + "\"https://turnpike-operator.istio-system.svc:443/validate\": dial tcp: connection refused")]
    public async Task OperatorAway_IsSaidOnceAndWithARemedy(string failure)
    {
        var fault = new Fault(500, null, "Internal error occurred: " + failure, new Dictionary<string, string> { [""] = failure });
        Api.FailNext(2, fault, request => request.Method is "POST" or "PUT");
        var (before, reason) = (
            "turnpike: cannot create route-rule/default/rule: the operator, which validates it, does not respond: ",
            "Post \"https://turnpike-operator.istio-system.svc:443/validate\": dial tcp: connection refused");
        var run = await Run("turnpike", SampleManifests.Rule(), "create", "-f", "-");
        Assert.Equal(
            (1, $"{before}{reason} (there is no Deployment istio-system/turnpike-operator); see: turnpike status\n"),
            (run.ExitCode, run.Error));
        Api.Put("apps/v1/deployments", "istio-system", "turnpike-operator", Json("{\"spec\": {\"replicas\": 2}, \"status\": {}}"));
        run = await Run("turnpike", SampleManifests.Rule(), "create", "-f", "-");
        Assert.Equal($"{before}{reason} (0 of 2 replicas are ready); see: turnpike status\n", run.Error);
    }

    [Theory]
    [InlineData("create")]
    [InlineData("create", "-f", "-", "extra")]
    [InlineData("create", "-f", "-", "--wait=soon")]
    [InlineData("create", "-f", "-", "--wait=0s")]
    [InlineData("replace")]
    [InlineData("delete")]
    [InlineData("delete", "routerule")]
    [InlineData("delete", "routerule", "a", "-f", "-")]
    [InlineData("get")]
    [InlineData("get", "routerule", "a", "-o", "table")]
    [InlineData("status", "-o", "xml")]
    public async Task Usage_ExitsTwoAnd255AsIstioctl(params string[] arguments)
    {
        var run = await Turnpike(arguments);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.All(run.ErrorLines, line => Assert.StartsWith("turnpike: ", line, StringComparison.Ordinal));
        run = await Istioctl(arguments);
        Assert.Equal((255, ""), (run.ExitCode, run.Output));
        Assert.All(run.ErrorLines, line => Assert.StartsWith("Error: ", line, StringComparison.Ordinal));
        Assert.Empty(Api.Requests);
    }

    [Fact]
    public async Task Platform_IsOnlyWarnedOf()
    {
        var run = await Istioctl("-p", "mesos", "get", "routerules", "-i", "istio-system");
        Assert.Equal(
            (0, "No resources found.\n", "warning: --platform: \"mesos\" is not known, \"kube\" is used\n"),
            (run.ExitCode, run.Output, run.Error));
    }

    private static string Conditions(params (string Type, string Status, string Message, int Generation)[] conditions)
    {
        var items = conditions.Select(c =>
            $$"""{"type": "{{c.Type}}", "status": "{{c.Status}}", "reason": "Reason", "message": "{{c.Message}}", "observedGeneration": {{c.Generation}}}"""
        );
        return $$"""{"conditions": [{{string.Join(',', items)}}]}""";
    }

    private static async Task<(int ExitCode, string Error)> ErrorOf(Task<CliRun> run)
    {
        var done = await run;
        return (done.ExitCode, done.Error);
    }
}
