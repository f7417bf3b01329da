using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Turnpike.Tests.EndToEnd.Stories;

/// <summary>The ingress task of 2017 as it is written, in its order, with all that it promises.</summary>
public sealed partial class Walkthrough(Cluster cluster)
{
    // The document leaves the time to its reader. These are bounds for a machine under load, not what is expected.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private readonly Shell _user = cluster.Shell;
    private bool _oldIngresses;

    [Fact]
    public Task Document_HoldsAllItsPromises() => Story.TellAsync(cluster, "Enabling Ingress Traffic, as written in 2017", async story =>
    {
        await story.DoAsync("install Turnpike with one kubectl apply", cluster.InstalledAsync);
        var before = await InventoryAsync();
        await BeforeYouBeginAsync(story);
        await ConfigureHttpAsync(story);
        await ConfigureHttpsAsync(story);
        await SetRuleAsync(story);
        await CleanUpAsync(story, before);
    });

    private async Task BeforeYouBeginAsync(Story story)
    {
        _oldIngresses = (await _user.RunAsync("kubectl api-versions")).Contains("extensions/v1beta1", StringComparison.Ordinal);
        await story.DoAsync("start httpbin", async () =>
        {
            await _user.RunAsync(Documented.StartHttpbin);
            await _user.RunAsync("kubectl wait --for=condition=Available deployment/httpbin --timeout=80s");
        });
        await story.CheckAsync("httpbin got its sidecar: 2/2", async () =>
            Assert.Matches(@"^httpbin-\S+ +2/2 +Running", await _user.RunAsync("kubectl get pods -l app=httpbin --no-headers")));
    }

    private async Task ConfigureHttpAsync(Story story)
    {
        await story.DoAsync("create simple-ingress", () => _user.RunAsync(Served(Documented.CreateSimpleIngress)));
        await story.CheckAsync("simple-ingress has an address", () => HasAddressAsync(Documented.ShowSimpleIngress));
        await story.DoAsync("determine the ingress URL", async () => _user.Export("INGRESS_URL", await DetermineUrlAsync(80)));
        await story.DoAsync("curl http://$INGRESS_URL/headers answers", () => Wait.UntilSeen(
            "/headers at the ingress",
            Soon,
            () => _user.TryAsync($"{Documented.GetHeaders} -sf"),
            result => result.ExitCode == 0));
        await story.CheckAsync("httpbin sees the headers that the document shows", async () =>
        {
            using var answer = JsonDocument.Parse(await _user.RunAsync(Documented.GetHeaders));
            var headers = answer.RootElement.GetProperty("headers");
            Assert.Equal("*/*", headers.GetProperty("Accept").GetString());
            Assert.StartsWith("curl/", headers.GetProperty("User-Agent").GetString(), StringComparison.Ordinal);
            Assert.Equal("15000", headers.GetProperty("X-Envoy-Expected-Rq-Timeout-Ms").GetString());
            // The document shows the service's name here, which its proxy put in place of the client's until mid-2017 only.
            Assert.Equal(cluster.Edge.Http, headers.GetProperty("Host").GetString());
        });
        await story.CheckAsync("httpbin sees a request id", async () =>
        {
            // A httpbin later than the document's shows it only when asked to.
            using var answer = JsonDocument.Parse(await _user.RunAsync("curl -s http://$INGRESS_URL/headers?show_env=1"));
            Assert.True(Guid.TryParse(answer.RootElement.GetProperty("headers").GetProperty("X-Request-Id").GetString(), out _), answer.RootElement.ToString());
        });
        foreach (var (path, status) in new (string, int)[]
        {
            ("/headers?x=1", 200), ("/headers/", 404), ("/header", 404), ("/", 404), ("/status/200", 404), ("/delay", 404), ("/delay/0", 200), ("/ip", 404),
        })
        {
            await story.CheckAsync($"GET http://$INGRESS_URL{path} answers {status}", async () => Assert.Equal(status, (await cluster.Edge.GetAsync(path)).Status));
        }
        await story.CheckAsync("an Ingress of no class or another one is not served", StrangeClassesAsync);
    }

    private async Task StrangeClassesAsync()
    {
        await CreateAsync(Manifests.Ingress("no-class", className: null, path: "/status/201"));
        await CreateAsync(Manifests.Ingress("other-class", className: "nginx", path: "/status/202"));
        // Made after them: when it is served, they were seen.
        await CreateAsync(Manifests.Ingress("our-class", path: "/status/204"));
        await Wait.UntilSeen("our class", Soon, () => cluster.Edge.GetAsync("/status/204"), answer => answer.Status == 204);
        Assert.Equal(404, (await cluster.Edge.GetAsync("/status/201")).Status);
        Assert.Equal(404, (await cluster.Edge.GetAsync("/status/202")).Status);
        await _user.RunAsync("kubectl delete ingress no-class other-class our-class");
    }

    private async Task CreateAsync(string yaml) => await _user.RunAsync($"kubectl create -f - <<'EOF'\n{yaml}\nEOF");

    private async Task ConfigureHttpsAsync(Story story)
    {
        await story.DoAsync("generate keys", () => _user.RunAsync(Documented.MakeCertificate));
        await story.DoAsync("make the secret", () => _user.RunAsync(Documented.CreateCertificateSecret));
        await story.DoAsync("create secured-ingress", () => _user.RunAsync(Served(Documented.CreateSecuredIngress)));
        await story.CheckAsync("secured-ingress has an address", () => HasAddressAsync(Documented.ShowSecuredIngress));
        await story.DoAsync("determine the secure ingress URL", async () => _user.Export("SECURE_INGRESS_URL", await DetermineUrlAsync(443)));
        await story.DoAsync("curl -k https://$SECURE_INGRESS_URL/ip answers", () => Wait.UntilSeen(
            "/ip at the ingress",
            Soon,
            () => _user.TryAsync($"{Documented.GetIp} -sf"),
            result => result.ExitCode == 0));
        await story.CheckAsync("/ip tells the client's address", async () =>
        {
            using var answer = JsonDocument.Parse(await _user.RunAsync(Documented.GetIp));
            Assert.Matches(@"^[0-9a-f.:]+$", answer.RootElement.GetProperty("origin").GetString());
        });
        await story.CheckAsync("the certificate is that of the secret", async () => Assert.Contains(
            "foo.bar.com",
            await _user.RunAsync("openssl s_client -connect $SECURE_INGRESS_URL </dev/null 2>/dev/null | openssl x509 -noout -subject"),
            StringComparison.Ordinal));
        await story.CheckAsync("https serves neither /headers nor http /ip", async () =>
        {
            Assert.Equal(404, (await cluster.Edge.GetSecureAsync("/headers")).Status);
            Assert.Equal(404, (await cluster.Edge.GetAsync("/ip")).Status);
        });
    }

    private async Task SetRuleAsync(Story story)
    {
        await story.CheckAsync("without a rule /delay/5 answers 200 after 5 s", () => DelayAnswersAsync("200", 5));
        await story.DoAsync("istioctl create makes httpbin-3s-rule", async () => Assert.Matches(
            @"^Created config route-rule/default/httpbin-3s-rule at revision \d+",
            await _user.RunAsync(Documented.CreateRule)));
        // The document says: wait a few seconds. One can know.
        await story.DoAsync("the rule gets the condition Programmed", () =>
            _user.RunAsync("kubectl wait --for=condition=Programmed routerule/httpbin-3s-rule --timeout=10s"));
        await story.CheckAsync("with it /delay/5 answers 504 after 3 s, at once", () => DelayAnswersAsync("504", 3));
        await story.CheckAsync("the API server shows the rule and whether it counts", async () => Assert.Matches(
            """^NAME +DESTINATION +PRECEDENCE +ACCEPTED +PROGRAMMED +AGE\s+httpbin-3s-rule +httpbin +(\d+ +)?True +True """,
            await _user.RunAsync("kubectl get routerules")));
        await story.CheckAsync("both references of the rule resolve", async () => Assert.Equal(
            "True",
            await _user.RunAsync("""kubectl get routerule httpbin-3s-rule -o jsonpath='{.status.conditions[?(@.type=="ResolvedRefs")].status}'""")));
        await story.CheckAsync("istioctl get lists it", async () =>
            Assert.Contains("httpbin-3s-rule", await _user.RunAsync("istioctl get routerules"), StringComparison.Ordinal));
        await story.CheckAsync("kubectl explains the field", async () => Assert.Matches(
            @"simple_timeout\s+<Object>",
            await _user.RunAsync("kubectl explain routerule.spec.http_req_timeout")));
    }

    private async Task CleanUpAsync(Story story, string before)
    {
        await story.CheckAsync("istioctl delete removes the rule, by its own words", async () =>
            Assert.Equal("Deleted config: routerule httpbin-3s-rule", await _user.RunAsync(Documented.DeleteRule)));
        await story.CheckAsync("without the rule /delay/4 takes its time again", async () => await Wait.UntilSeen(
            "the time before the rule",
            TimeSpan.FromSeconds(15),
            () => cluster.Edge.GetAsync("/delay/4"),
            answer => answer.Status == 200,
            oneLook: TimeSpan.FromSeconds(8)));
        await story.CheckAsync("delete the Ingresses", () => _user.RunAsync(Documented.DeleteIngresses));
        // The document made this secret nowhere, and forgets the one that it made.
        await story.CheckAsync("the secret of the document's cleanup does not exist", async () =>
            Assert.Contains("NotFound", (await _user.TryAsync(Documented.DeleteSecret)).Failed(), StringComparison.Ordinal));
        await story.CheckAsync("delete the secret that does", () => _user.RunAsync("kubectl delete -n istio-system secret istio-ingress-certs"));
        await story.CheckAsync("the routes are gone", async () => await Wait.UntilSeen(
            "/headers after the Ingress", Soon, () => cluster.Edge.GetAsync("/headers"), answer => answer.Status == 404));
        await story.CheckAsync("shut httpbin down", () => _user.RunAsync(Documented.StopHttpbin));
        await story.CheckAsync("nothing is left", async () => await Wait.UntilSeen(
            "the namespace as it was before", TimeSpan.FromSeconds(60), InventoryAsync, now => now == before));
    }

    /// <summary>Determines the URL as a reader of the document would.</summary>
    private async Task<string> DetermineUrlAsync(int port)
    {
        if (!cluster.Edge.Http.EndsWith(":80", StringComparison.Ordinal))
        {
            // The document looks for both in the default namespace, where they were only if Istio was installed there.
            (await _user.TryAsync(Documented.ShowHostIp)).Failed();
            (await _user.TryAsync(Documented.ShowIngressService)).Failed();
        }
        else
        {
            return port == 80 ? cluster.Edge.Http : cluster.Edge.Https;
        }
        var host = await _user.RunAsync($"{Documented.ShowHostIp} -n istio-system");
        var service = await _user.RunAsync($"{Documented.ShowIngressService} -n istio-system");
        var nodePort = Regex.Match(service, string.Create(CultureInfo.InvariantCulture, $@"\b{port}:(\d+)/TCP"));
        Assert.True(nodePort.Success, service);
        return $"{host}:{nodePort.Groups[1].Value}";
    }

    private async Task HasAddressAsync(string show) => await Wait.UntilSeen("the column ADDRESS", Soon, () => _user.RunAsync(show), shown =>
    {
        var lines = shown.Split('\n');
        var column = lines[0].IndexOf("ADDRESS", StringComparison.Ordinal);
        return column > 0 && lines[1].Length > column && char.IsAsciiLetterOrDigit(lines[1][column]);
    });

    private async Task DelayAnswersAsync(string status, int seconds)
    {
        var result = await _user.TryAsync(Documented.TimeDelay);
        Assert.Equal(status, result.Succeeded());
        var real = RealTime().Match(result.Error);
        Assert.True(real.Success, result.Error);
        var took = (60 * int.Parse(real.Groups[1].Value, CultureInfo.InvariantCulture)) + double.Parse(real.Groups[2].Value, CultureInfo.InvariantCulture);
        Assert.InRange(took, seconds - 0.01, seconds + 1.5);
    }

    private string Served(string command) => _oldIngresses ? command : Documented.AsOfToday(command);

    /// <summary>All objects of the user's namespace, by name; what happened there is not one.</summary>
    private Task<string> InventoryAsync() => _user.RunAsync("""
        kinds=$(kubectl api-resources --verbs=list --namespaced -o name | grep -v '^events' | paste -sd,)
        kubectl get "$kinds" -o name | sort -u
        """);

    [GeneratedRegex(@"real\s+(\d+)m([\d.]+)s")]
    private static partial Regex RealTime();
}
