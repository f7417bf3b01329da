namespace Turnpike.Tests.Cli;

/// <summary>get against an API server.</summary>
public sealed class ClusterGetTests : ClusterFixture
{
    [Theory]
    [InlineData("routerule")]
    [InlineData("routerules")]
    public async Task Short_IsATable(string type)
    {
        PutRule("b");
        PutRule("a-rule-with-a-name");
        PutRule("elsewhere", "other");
        var run = await Istioctl("get", type);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            """
            NAME                 KIND                                 NAMESPACE
            a-rule-with-a-name   RouteRule.v1alpha2.config.istio.io   default
            b                    RouteRule.v1alpha2.config.istio.io   default

            """,
            run.Output);
    }

    [Fact]
    public async Task Yaml_IsWhatReplaceTakes()
    {
        PutRule("rule", "prod");
        var run = await Istioctl("get", "routerule", "rule", "-n", "prod", "-o", "yaml");
        Assert.Equal(
            $$"""
            apiVersion: config.istio.io/v1alpha2
            kind: RouteRule
            metadata:
              name: rule
              namespace: prod
              resourceVersion: "{{Rule("rule", "prod")!["metadata"]!["resourceVersion"]}}"
            spec:
              destination:
                name: web
              httpReqTimeout:
                simpleTimeout:
                  timeout: 3s
            ---

            """,
            run.Output);
        Assert.Equal(0, (await Run("istioctl", run.Output, "replace", "-f", "-")).ExitCode);
    }

    [Fact]
    public async Task Yaml_ShowsAnInvalidRuleAsItIs()
    {
        Api.Put(Rules, "default", "old", Json("""
            {"apiVersion": "config.istio.io/v1alpha2", "kind": "RouteRule", "metadata": {"name": "old", "managedFields": [{}]},
             "spec": {"weird": true}, "status": {}}
            """));
        var run = await Turnpike("get", "routerules", "-o", "yaml");
        Assert.Contains("spec:\n  weird: true\n---\n", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("managedFields", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("status", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("get", "routerules")]
    [InlineData("get", "routerule", "absent")]
    public async Task None_IsNoFailure(params string[] arguments)
    {
        PutRule("elsewhere", "other");
        var run = await Istioctl(arguments);
        Assert.Equal((0, "No resources found.\n", ""), (run.ExitCode, run.Output, run.Error));
    }

    [Fact]
    public async Task Missing_IsNotFound()
    {
        PutRule("elsewhere", "other");
        var run = await Turnpike("get", "routerule", "absent");
        Assert.Equal(
            (1, "", "turnpike: routerules.config.istio.io \"absent\" not found in namespace default\n"),
            (run.ExitCode, run.Output, run.Error));
        Assert.Equal(
            (0, "No resources found.\n"), ((await Turnpike("get", "routerules")).ExitCode, (await Turnpike("get", "routerules")).Output));
    }

    [Fact]
    public async Task AllNamespaces_AndLabels_ChooseWhatIsListed()
    {
        PutRule("b");
        PutRule("a", "other");
        Label("a", "other", "team", "x");
        Assert.Equal(
            "routerule.config.istio.io/b\nrouterule.config.istio.io/a\n", (await Turnpike("get", "routerules", "-A", "-o", "name")).Output);
        Assert.Equal("routerule.config.istio.io/a\n", (await Turnpike("get", "routerules", "-A", "-l", "team=x", "-o", "name")).Output);
        Assert.Equal("", (await Turnpike("get", "routerules", "-l", "team=x", "-o", "name")).Output);
        Assert.Contains(Api.Requests, request => request.Query.Contains("labelSelector=team%3Dx", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Wide_SaysWhatBecameOfTheRules()
    {
        PutRule("a", status: """
            {"observedGeneration": 2, "conditions": [{"type": "Accepted", "status": "True"}, {"type": "Programmed", "status": "False"}]}
            """);
        var rule = Rule("a")!;
        rule["metadata"]!["creationTimestamp"] = TimeProvider
            .System.GetUtcNow()
            .AddHours(-50)
            .ToString("O", System.Globalization.CultureInfo.InvariantCulture);
        rule["spec"]!["precedence"] = 7;
        Api.Put(Rules, "default", "a", rule);
        PutRule("b");
        Assert.Equal(
            """
            NAME      KIND                                 NAMESPACE   DESTINATION   PRECEDENCE   ACCEPTED   PROGRAMMED   AGE
            a         RouteRule.v1alpha2.config.istio.io   default     web           7            True       False        2d
            b         RouteRule.v1alpha2.config.istio.io   default     web           0            Unknown    Unknown      unknown

            """,
            (await Turnpike("get", "routerules", "-o", "wide")).Output);
    }

    [Fact]
    public async Task Json_IsTheObjectOrAList()
    {
        PutRule("a", status: """{"observedGeneration": 2}""");
        var one = Json((await Turnpike("get", "routerule", "a", "-o", "json")).Output);
        Assert.Equal(
            ("RouteRule", "a", 2), ((string?)one["kind"], (string?)one["metadata"]!["name"], (int)one["status"]!["observedGeneration"]!));
        var all = Json((await Turnpike("get", "routerules", "-o", "json")).Output);
        Assert.Equal(("List", "a"), ((string?)all["kind"], (string?)all["items"]![0]!["metadata"]!["name"]));
        Assert.Empty(Json((await Turnpike("get", "routerules", "-n", "empty", "-o", "json")).Output)["items"]!.AsArray());
    }

    [Theory]
    [InlineData("a name and --all-namespaces exclude each other: use -n NAMESPACE", "get", "routerule", "a", "-A")]
    [InlineData("a name and --selector exclude each other", "get", "routerule", "a", "-l", "x=y")]
    [InlineData("--watch cannot print YAML: use -o json", "get", "routerules", "-w", "-o", "yaml")]
    public async Task Options_ThatExcludeEachOther_AreAUsageError(string message, params string[] arguments)
    {
        var run = await Turnpike(arguments);
        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith($"turnpike: {message}", run.ErrorLines[0], StringComparison.Ordinal);
        Assert.Empty(Api.Requests);
    }

    [Fact]
    public async Task Watch_PrintsWhatIsThereAndWhatChanges()
    {
        PutRule("a");
        using var watch = new WatchRun(Kubeconfig, "get", "routerules", "-w");
        await watch.Until("ADDED     a         RouteRule.v1alpha2.config.istio.io   default\n");
        PutRule("a", status: """{"observedGeneration": 2}""");
        await watch.Until("MODIFIED   a ");
        PutRule("a-rule-with-a-long-name");
        await watch.Until("ADDED      a-rule-with-a-long-name   RouteRule");
        Api.Remove(Rules, "default", "a");
        await watch.Until("DELETED    a                         RouteRule");
        Assert.StartsWith("EVENT     NAME      KIND                                 NAMESPACE\n", watch.Output, StringComparison.Ordinal);
        Assert.Equal(0, await watch.End());
    }

    [Fact]
    public async Task Watch_OfAName_SeesNoOther_AndEventsAreALineOfJson()
    {
        PutRule("a");
        PutRule("b");
        using var watch = new WatchRun(Kubeconfig, "get", "routerule", "b", "-w", "-o", "json");
        await watch.Until("\n");
        PutRule("a", status: """{"observedGeneration": 2}""");
        Api.Remove(Rules, "default", "b");
        await watch.Until("\"DELETED\"");
        var events = watch.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Json).ToList();
        Assert.Equal(
            [("ADDED", "b"), ("DELETED", "b")], events.Select(e => ((string)e["type"]!, (string)e["object"]!["metadata"]!["name"]!)));
        Assert.Equal(0, await watch.End());
    }

    [Fact]
    public async Task Watch_OfWhatCannotBeListed_Fails()
    {
        Api.Faults = _ => new(403, null, "routerules is forbidden: not for you");
        var run = await Turnpike("get", "routerules", "-w");
        Assert.Equal((1, "turnpike: routerules is forbidden: not for you\n"), (run.ExitCode, run.Error));
    }

    private void Label(string name, string ns, string label, string value)
    {
        var rule = Rule(name, ns)!;
        rule["metadata"]!["labels"] = new System.Text.Json.Nodes.JsonObject { [label] = value };
        Api.Put(Rules, ns, name, rule);
    }

    [Fact]
    public async Task Failure_OfTheServerIsNotHidden()
    {
        Api.FailNext(1, new(403, null, "routerules is forbidden: not for you"), _ => true);
        var run = await Turnpike("get", "routerule", "a");
        Assert.Equal((1, "", "turnpike: routerules is forbidden: not for you\n"), (run.ExitCode, run.Output, run.Error));
    }

    [Fact]
    public async Task Credentials_ThatAreNotAccepted_AreSaidToBe()
    {
        Api.FailNext(1, new(401, null, "Unauthorized"), _ => true);
        Assert.Equal(
            "turnpike: the API server does not accept the kubeconfig's credentials\n", (await Turnpike("get", "routerules")).Error);
    }

    [Theory]
    [InlineData("route-rule", "unknown type \"route-rule\": write routerule, without the hyphen")]
    [InlineData("route-rules", "unknown type \"route-rules\": write routerules, without the hyphen")]
    [InlineData("gateway", "unknown type \"gateway\": the types are routerule, routerules")]
    public async Task Type_MustBeKnown(string type, string message)
    {
        var run = await Istioctl("get", type);
        Assert.Equal((255, $"Error: {message}\n"), (run.ExitCode, run.Error));
        run = await Istioctl("delete", type, "a");
        Assert.Equal((255, $"Error: {message}\n"), (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task Name_MustBeOne()
    {
        var run = await Turnpike("get", "routerule", "..");
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("turnpike: RouteRule: \"..\" is not a name", run.Error, StringComparison.Ordinal);
        Assert.StartsWith(
            "turnpike: --namespace: \"..\" is not a name",
            (await Turnpike("get", "routerules", "-n", "..")).Error,
            StringComparison.Ordinal);
    }
}
