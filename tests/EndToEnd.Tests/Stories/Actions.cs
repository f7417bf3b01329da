using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Turnpike.Tests.EndToEnd.Stories;

/// <summary>Every action of a RouteRule, by the examples of its reference, before two versions of httpbin.</summary>
public sealed partial class Actions(Cluster cluster)
{
    private const string Host = "routerules.example";

    [Fact]
    public Task Samples_DoWhatTheySay() => Story.TellAsync(cluster, "The examples of the reference do what they say", async story =>
    {
        await story.DoAsync("install Turnpike", cluster.InstalledAsync);
        await using var place = await Workplace.CreateAsync(cluster, "e2e-actions");
        await story.DoAsync("two versions of httpbin behind the ingress", () => ServeAsync(place));
        var told = new HashSet<string>(StringComparer.Ordinal);
        Task ByAsync(string sample, string promise, Func<Task> check)
        {
            told.Add(sample);
            return story.CheckAsync(promise, () => cluster.WithSampleAsync(sample, place.Namespace, check));
        }

        await ByAsync("append-headers", "append_headers: httpbin sees two headers more", async () =>
        {
            var headers = await HeadersAsync("/headers");
            Assert.Equal(("blue", "canary"), (headers["X-Team"], headers["X-Stage"]));
        });
        await ByAsync("destination", "destination: a service by its parts", async () => Assert.Equal("destination", (await HeadersAsync("/headers"))["X-Rule"]));
        await ByAsync("destination-service", "destination: a service by its host name", async () => Assert.Equal("destination-service", (await HeadersAsync("/headers"))["X-Rule"]));
        await ByAsync("match", "match: all conditions, or none of it", async () =>
        {
            Assert.Equal("jason", (await HeadersAsync("/headers", "-H 'cookie: a=b;user=jason'"))["X-Rule"]);
            Assert.DoesNotContain("X-Rule", (await HeadersAsync("/headers", "-H 'cookie: user=jane'")).Keys);
            Assert.DoesNotContain("X-Rule", (await HeadersAsync("/get", "-H 'cookie: user=jason'")).Keys);
        });
        await ByAsync("precedence", "precedence: testers get v2, everyone else v1", async () =>
        {
            Assert.Equal(["v1"], (await VersionsAsync(10)).Distinct());
            Assert.Equal(["v2"], (await VersionsAsync(10, "-H 'x-tester: me'")).Distinct());
        });
        await ByAsync("route", "route: a quarter of the requests goes to v2", async () =>
        {
            var versions = await VersionsAsync(200);
            // 25 % of 200, give or take five standard deviations.
            Assert.InRange(versions.Count(v => v == "v2"), 20, 80);
        });
        await ByAsync("redirect", "redirect: 301 to another host", async () =>
        {
            var answer = await CurlAsync("/old");
            Assert.Equal(("301", "http://new.example/headers"), (answer.Status, answer.Headers["location"]));
        });
        await ByAsync("rewrite", "rewrite: another path and host", async () =>
        {
            var answer = await CurlAsync("/api/v1/headers");
            Assert.Equal("200", answer.Status);
            Assert.Equal("internal.example", Headers(answer)["Host"]);
        });
        await ByAsync("timeout", "http_req_timeout: 504 after a second", async () =>
        {
            var answer = await CurlAsync("/delay/5");
            Assert.Equal("504", answer.Status);
            Assert.InRange(answer.Seconds, 0.9, 3);
            Assert.Equal("200", (await CurlAsync("/delay/0")).Status);
        });
        await ByAsync("retries", "http_req_retries: four tries of half a second", async () =>
        {
            var answer = await CurlAsync("/delay/5?retries");
            Assert.Equal("504", answer.Status);
            Assert.InRange(answer.Seconds, 1.9, 5);
            Assert.Equal(4, await LinesAsync(place, "/delay/5\\?retries$", "app=httpbin"));
        });
        await ByAsync("faults", "http_fault: half a second's delay, and an abort", async () =>
        {
            var slow = await CurlAsync("/headers");
            Assert.Equal("200", slow.Status);
            Assert.InRange(slow.Seconds, 0.45, 3);
            var broken = await CurlAsync("/status/418");
            Assert.Equal(("503", "fault filter abort"), (broken.Status, broken.Body));
        });
        await ByAsync("mirror", "mirror: v2 gets a copy, the client the answer of v1", async () =>
        {
            var answer = await CurlAsync("/anything/mirrored");
            Assert.Equal(("200", "v1"), (answer.Status, answer.Headers["x-httpbin-version"]));
            await Wait.UntilSeen(
                "the copy", TimeSpan.FromSeconds(10), () => LinesAsync(place, $"GET {Host}-shadow /anything/mirrored", "app=httpbin,version=v2"), lines => lines == 1);
        });
        await ByAsync("cors", "cors_policy: preflight, and a request of the page", async () =>
        {
            var preflight = await CurlAsync("/headers", "-X OPTIONS -H 'Origin: https://app.example' -H 'Access-Control-Request-Method: PUT'");
            Assert.Equal(
                ("200", "https://app.example", "GET,PUT", "x-token", "86400", "true"),
                (preflight.Status, preflight.Headers["access-control-allow-origin"], preflight.Headers["access-control-allow-methods"],
                 preflight.Headers["access-control-allow-headers"], preflight.Headers["access-control-max-age"], preflight.Headers["access-control-allow-credentials"]));
            var answer = await CurlAsync("/headers", "-H 'Origin: https://app.example'");
            Assert.Equal(("https://app.example", "x-httpbin-version"), (answer.Headers["access-control-allow-origin"], answer.Headers["access-control-expose-headers"]));
            Assert.DoesNotContain("access-control-allow-origin", (await CurlAsync("/headers", "-H 'Origin: https://evil.example'")).Headers.Keys);
        });
        await ByAsync("websocket", "websocket_upgrade: a handshake is let through", async () => Assert.Equal("hello", await EchoAsync("hello")));
        await story.CheckAsync("without a rule a handshake is let through too", async () => Assert.Equal("hello", await EchoAsync("hello")));
        await story.CheckAsync("websocket_upgrade: false: a handshake gets 403", async () =>
        {
            await place.ApplyAsync("""
                apiVersion: config.istio.io/v1alpha2
                kind: RouteRule
                metadata: {name: no-websocket}
                spec: {destination: {name: httpbin}, websocket_upgrade: false}
                """);
            await Wait.UntilSeen(
                "a refusal, once the rule is there", TimeSpan.FromSeconds(5), RefusalAsync, refusal => refusal.Contains("403", StringComparison.Ordinal));
            await cluster.Shell.RunAsync($"kubectl delete routerule no-websocket -n {place.Namespace}");
        });

        await story.CheckAsync("turnpike explain tells the same of the cluster", () => cluster.WithSampleAsync("timeout", place.Namespace, async () =>
        {
            using var told = JsonDocument.Parse(await cluster.Shell.RunAsync($"turnpike explain GET http://{Host}/delay/5 -o json"));
            var root = told.RootElement;
            Assert.Equal($"{place.Namespace}/httpbin", root.GetProperty("ingress").GetProperty("name").GetString());
            Assert.Contains(root.GetProperty("rules").EnumerateArray(), r => r.GetProperty("taken").GetBoolean() && r.GetProperty("name").GetString() == $"{place.Namespace}/one-second");
            Assert.Equal(2, root.GetProperty("targets")[0].GetProperty("endpoints").GetArrayLength());
            Assert.Equal("the endpoint's response; 504 after 1s", root.GetProperty("response").GetString());
            Assert.Equal(0, root.GetProperty("notes").GetArrayLength());
        }));
        await story.CheckAsync("labels follow their pods within a second", () => cluster.WithSampleAsync("precedence", place.Namespace, async () =>
        {
            await cluster.Shell.RunAsync($"kubectl label pod -n {place.Namespace} -l app=httpbin,version=v2 version=v1 --overwrite");
            var took = await Wait.UntilSeen("v2's pod among v1's", TimeSpan.FromSeconds(5), () => VersionsAsync(8), versions => versions.Contains("v2"));
            Assert.True(took < TimeSpan.FromSeconds(2), $"it took {took}");
        }));
        await story.CheckAsync("no example was left out", () =>
        {
            Assert.Equal(Cluster.Samples.Order(StringComparer.Ordinal), told.Order(StringComparer.Ordinal));
            return Task.CompletedTask;
        });
    });

    private async Task ServeAsync(Workplace place)
    {
        var yaml = new StringBuilder();
        foreach (var version in (string[])["v1", "v2"])
            yaml.Append(Deployment(version)).Append("---\n");
        yaml.Append(Service("httpbin", "{app: httpbin}")).Append("---\n").Append(Service("httpbin-v2", "{app: httpbin, version: v2}")).Append("---\n");
        yaml.Append(Manifests.Ingress("httpbin", host: Host));
        await place.ApplyAsync(yaml.ToString());
        await cluster.Shell.RunAsync($"kubectl wait -n {place.Namespace} --for=condition=Available deployment/httpbin-v1 deployment/httpbin-v2 --timeout=60s");
        await Wait.UntilSeen("both versions", TimeSpan.FromSeconds(20), () => VersionsAsync(8), versions => versions.Distinct().Count() == 2);
    }

    private static string Deployment(string version) => $$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: httpbin-{{version}}}
        spec:
          selector: {matchLabels: {deployment: "httpbin-{{version}}"} }
          template:
            metadata: {labels: {app: httpbin, version: {{version}}, deployment: "httpbin-{{version}}"}, annotations: {sidecar.istio.io/inject: "false"} }
            spec:
              terminationGracePeriodSeconds: 1
              securityContext: {runAsNonRoot: true}
              containers:
              - name: httpbin
                image: {{Cluster.SampleImage}}
                imagePullPolicy: IfNotPresent
                args: [--port, "8000", --address, 0.0.0.0, --version-label, {{version}}, --log-requests]
                readinessProbe: {tcpSocket: {port: 8000}, periodSeconds: 1}
                securityContext: {readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]} }

        """;

    private static string Service(string name, string selector) => $$"""
        apiVersion: v1
        kind: Service
        metadata: {name: {{name}}}
        spec: {selector: {{selector}}, ports: [{name: http, port: 8000}]}

        """;

    /// <summary>One request by curl, and what came back.</summary>
    /// <param name="Headers">Names in lower case.</param>
    private sealed record Answer(string Status, double Seconds, IReadOnlyDictionary<string, string> Headers, string Body);

    private async Task<Answer> CurlAsync(string path, string options = "")
    {
        var output = await cluster.Shell.RunAsync(
            $$"""curl -sS -m 15 -i --connect-to {{Host}}:80:{{cluster.Edge.Http}} {{options}} 'http://{{Host}}{{path}}' -w '\n%{http_code} %{time_total}'""");
        var parts = output.ReplaceLineEndings("\n").Split("\n\n", 2);
        var end = parts[1].LastIndexOf('\n');
        var (body, trailer) = end < 0 ? ("", parts[1]) : (parts[1][..end], parts[1][(end + 1)..]);
        var headers = parts[0].Split('\n').Skip(1).Select(l => l.Split(": ", 2)).ToLookup(h => h[0].ToLowerInvariant(), h => h[1]);
        return new Answer(
            trailer.Split(' ')[0], double.Parse(trailer.Split(' ')[1], CultureInfo.InvariantCulture), headers.ToDictionary(h => h.Key, h => string.Join(",", h)), body.Trim());
    }

    private async Task<Dictionary<string, string>> HeadersAsync(string path, string options = "") => Headers(await CurlAsync(path, options));

    /// <summary>The headers that httpbin saw.</summary>
    private static Dictionary<string, string> Headers(Answer answer)
    {
        using var json = JsonDocument.Parse(answer.Body);
        return json.RootElement.GetProperty("headers").EnumerateObject().ToDictionary(h => h.Name, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);
    }

    private async Task<List<string>> VersionsAsync(int requests, string options = "")
    {
        var output = await cluster.Shell.RunAsync(
            $"curl -sS -m 15 -D - -o /dev/null --connect-to {Host}:80:{cluster.Edge.Http} {options} 'http://{Host}/headers?[1-{requests}]'");
        return [.. Version().Matches(output).Select(m => m.Groups[1].Value)];
    }

    /// <summary>The number of lines that match in the logs of some pods.</summary>
    private async Task<int> LinesAsync(Workplace place, string pattern, string pods)
    {
        var log = await cluster.Shell.RunAsync($"kubectl logs -n {place.Namespace} -l {pods} --tail=1000");
        return Regex.Count(log, pattern, RegexOptions.Multiline);
    }

    private async Task<string> EchoAsync(string text)
    {
        var cancelled = TestContext.Current.CancellationToken;
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Host", Host);
        await socket.ConnectAsync(new Uri($"ws://{cluster.Edge.Http}/websocket/echo"), cancelled);
        await socket.SendAsync(Encoding.UTF8.GetBytes(text).AsMemory(), WebSocketMessageType.Text, true, cancelled);
        var buffer = new byte[1024];
        var received = await socket.ReceiveAsync(buffer.AsMemory(), cancelled);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, cancelled);
        return Encoding.UTF8.GetString(buffer, 0, received.Count);
    }

    private async Task<string> RefusalAsync()
    {
        try
        {
            return await EchoAsync("hello");
        }
        catch (WebSocketException e)
        {
            return e.Message;
        }
    }

    [GeneratedRegex(@"^x-httpbin-version: (\S+)", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex Version();
}
