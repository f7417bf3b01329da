using System.Globalization;

namespace Turnpike.Cli.Demo;

internal sealed record DemoOptions(bool Keep, string? Httpbin);

/// <summary>
/// Runs the ingress task of 2017 from beginning to end, with a directory instead of a cluster. Every response is checked, and the commands
/// that a
/// user would type are shown.
/// </summary>
internal sealed class Walkthrough(DemoFiles files, Narrator say, DemoClient client, TimeProvider time) : IAsyncDisposable
{
    private const string TimeoutHeader = "X-Envoy-Expected-Rq-Timeout-Ms";

    private ChildProgram? _httpbin;
    private ChildProgram? _serve;
    private Uri _upstream = new("http://127.0.0.1");
    private string _http = "";
    private string _https = "";
    private string _admin = "";

    public static async Task<int> RunAsync(DemoOptions options, TextWriter output, TimeProvider time, CancellationToken cancellationToken)
    {
        using var files = new DemoFiles();
        using var client = new DemoClient(time);
        var say = new Narrator(output, time);
        await using var walkthrough = new Walkthrough(files, say, client, time);
        try
        {
            await walkthrough.RunStepsAsync(options, cancellationToken);
            say.Succeed();
        }
        catch (Exception e) when (e is DemoFailure or HttpRequestException or IOException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            say.Fail(e.Message);
            return ExitCodes.Failure;
        }
        if (options.Keep)
            await walkthrough.KeepAsync(cancellationToken);
        return ExitCodes.Success;
    }

    public async ValueTask DisposeAsync()
    {
        if (_serve is not null)
            await _serve.DisposeAsync();
        if (_httpbin is not null)
            await _httpbin.DisposeAsync();
    }

    private async Task RunStepsAsync(DemoOptions options, CancellationToken cancellationToken)
    {
        await StartHttpbin(options, cancellationToken);
        await StartProxy(cancellationToken);
        await ConfigureIngress(cancellationToken);
        await CallHttpbin(cancellationToken);
        await CallWhatIsNotExposed(cancellationToken);
        await ConfigureSecureIngress(cancellationToken);
        await SetTimeoutRule(cancellationToken);
        await TryInvalidRule(cancellationToken);
        await DeleteRule(cancellationToken);
        await InjectSidecar(cancellationToken);
    }

    private async Task StartHttpbin(DemoOptions options, CancellationToken cancellationToken)
    {
        say.Step("Start httpbin", "The service to expose is a small httpbin on a free port of this machine.");
        var program = options.Httpbin ?? FindHttpbin();
        say.Command($"{Path.GetFileName(program)} --port 0");
        _httpbin = ChildProgram.Start(program, "--port", "0");
        _upstream = new Uri(await _httpbin.OutputLineAsync("listening on ", cancellationToken));
        say.Result($"listening on {_upstream.GetLeftPart(UriPartial.Authority)}");
    }

    private async Task StartProxy(CancellationToken cancellationToken)
    {
        say.Step(
            "Start Turnpike",
            "A directory takes the place of the cluster. It holds the httpbin service of config/samples and its endpoint on this machine.\n"
            + $"DIR is {files.ConfigDir}");
        files.Apply("httpbin.yaml", DemoFiles.Sample("httpbin.yaml"));
        files.Apply("httpbin-endpoints.yaml", DemoFiles.Endpoints(_upstream));
        var started = time.GetTimestamp();
        _serve = ChildProgram.StartSelf(
            "serve", "--config-dir", files.ConfigDir, "--http-port", "0", "--https-port", "0", "--admin-port", "0");
        say.Command("turnpike serve --config-dir $DIR --http-port 0 --https-port 0 --admin-port 0");
        _http = await _serve.OutputLineAsync("listening http ", cancellationToken);
        _https = await _serve.OutputLineAsync("listening https ", cancellationToken);
        _admin = await _serve.OutputLineAsync("listening admin ", cancellationToken);
        await client.UntilAsync($"http://{_admin}/ready", DemoClient.IsOk, "the proxy", cancellationToken);
        var elapsed = Milliseconds(time.GetElapsedTime(started));
        say.Result($"ready after {elapsed}; HTTP on {_http}, HTTPS on {_https}, admin on {_admin}");
    }

    private async Task ConfigureIngress(CancellationToken cancellationToken)
    {
        say.Step(
            "Configure ingress (HTTP)", "The Ingress of the original task, unchanged: /headers is an exact path, /delay/ is a prefix.");
        var after = await Apply("simple-ingress.yaml", $"http://{_http}/headers", DemoClient.IsOk, cancellationToken);
        say.Result($"in effect after {Milliseconds(after)}");
    }

    private async Task CallHttpbin(CancellationToken cancellationToken)
    {
        say.Step(
            "Access httpbin", "The headers include the request id and the timeout of the proxy, which is 15 seconds unless a rule sets another.");
        var headers = await Get($"http://{_http}/headers", 200, cancellationToken);
        say.Result(headers.Body);
        Require(headers.Body.Contains("X-Request-Id", StringComparison.Ordinal), "httpbin saw no X-Request-Id");
        Require(ShowsTimeout(headers, 15000), $"httpbin saw no {TimeoutHeader} of 15000");
        await GetTimed("delay/5", 200, 5, cancellationToken);
    }

    private async Task CallWhatIsNotExposed(CancellationToken cancellationToken)
    {
        say.Step("Access paths that are not exposed", "An exact path matches only itself, and a prefix only what begins with it.");
        foreach (var path in new[] { "/status/200", "/headers/", "/delay", "/ip", "/" })
        {
            var answer = await Get($"http://{_http}{path}", 404, cancellationToken);
            say.Result(answer.Status.ToString(CultureInfo.InvariantCulture));
        }
    }

    private async Task ConfigureSecureIngress(CancellationToken cancellationToken)
    {
        say.Step(
            "Configure secure ingress (HTTPS)",
            "A new certificate in the Secret of the original task, and the second Ingress.\nIts /ip is served over HTTPS only.");
        say.Command("""
            openssl req -x509 -nodes -days 365 -newkey rsa:2048 -keyout /tmp/tls.key -out /tmp/tls.crt -subj "/CN=foo.bar.com"
            kubectl create -n istio-system secret tls istio-ingress-certs --key /tmp/tls.key --cert /tmp/tls.crt \
              --dry-run=client -o yaml > $DIR/istio-ingress-certs.yaml
            """);
        files.Apply(
            "istio-ingress-certs.yaml", DemoFiles.TlsSecret("istio-system", "istio-ingress-certs", "foo.bar.com", time.GetUtcNow()));
        say.Command($"cat > $DIR/secured-ingress.yaml <<EOF\n{DemoFiles.SampleText("secured-ingress.yaml").TrimEnd()}\nEOF");
        files.Apply("secured-ingress.yaml", DemoFiles.Sample("secured-ingress.yaml"));
        var started = time.GetTimestamp();
        await RetryHandshake($"https://{_https}/ip", cancellationToken);
        say.Result($"in effect after {Milliseconds(time.GetElapsedTime(started))}");
        var answer = await Get($"https://{_https}/ip", 200, cancellationToken, "-k ");
        say.Result(answer.Body);
        say.Result($"certificate: {answer.CertificateSubject}");
        Require(answer.CertificateSubject == "CN=foo.bar.com", $"the certificate is {answer.CertificateSubject}, not CN=foo.bar.com");
        say.Result((await Get($"http://{_http}/ip", 404, cancellationToken)).Status.ToString(CultureInfo.InvariantCulture));
    }

    private async Task SetTimeoutRule(CancellationToken cancellationToken)
    {
        say.Step("Set a 3 s timeout on calls to httpbin", "A RouteRule takes effect at once, without a wait of a few seconds.");
        var after = await Apply("httpbin-3s-rule.yaml", $"http://{_http}/headers", a => ShowsTimeout(a, 3000), cancellationToken);
        say.Result($"in effect after {Milliseconds(after)}");
        await GetTimed("delay/5", 504, 3, cancellationToken);
    }

    private async Task TryInvalidRule(CancellationToken cancellationToken)
    {
        const string invalid = """
            apiVersion: config.istio.io/v1alpha2
            kind: RouteRule
            metadata:
              name: httpbin-3s-rule
            spec:
              destination:
                name: httpbin
              precedence: high
              route:
              - labels: {version: v1}
                weight: 60
              - labels: {version: v2}
                weight: 30
              http_req_timout:
                simple_timeout:
                  timeout: 3s

            """;
        say.Step(
            "Try an invalid rule",
            "All errors are reported at once, by file, document and field. The previous rule and everything else stay in effect.");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var traffic = CountAnswers($"http://{_http}/headers", a => a.Status == 200 && ShowsTimeout(a, 3000), stop.Token);
        say.Command($"cat > $DIR/httpbin-3s-rule.yaml <<EOF\n{invalid.TrimEnd()}\nEOF");
        files.Apply("httpbin-3s-rule.yaml", invalid);
        var refusals = await _serve!.ErrorLinesAsync("error: ", ["precedence", "weights must total 100", "http_req_timout"], cancellationToken);
        say.Result(string.Join('\n', refusals));
        await Task.Delay(TimeSpan.FromMilliseconds(300), time, cancellationToken);
        await stop.CancelAsync();
        var (good, bad) = await traffic;
        say.Result($"meanwhile: {good} requests got 200 under the 3 s rule, {bad} did not");
        Require(good > 0 && bad == 0, "an invalid rule affected traffic");

        say.Note("The same check before anything is applied:");
        var file = Path.Combine(files.Root, "rule.yaml");
        await File.WriteAllTextAsync(file, invalid, cancellationToken);
        say.Command("turnpike validate -f rule.yaml; echo $?");
        await using var validate = ChildProgram.StartSelf("validate", "-f", file);
        var (text, exitCode) = await validate.CompleteAsync(cancellationToken);
        say.Result($"{text}\n{exitCode}");
        Require(exitCode == ExitCodes.Failure, $"validate ended with {exitCode}, not {ExitCodes.Failure}");
    }

    private async Task DeleteRule(CancellationToken cancellationToken)
    {
        say.Step("Delete the rule", "Without the rule the timeout is 15 seconds again, and the request succeeds.");
        say.Command("rm $DIR/httpbin-3s-rule.yaml");
        files.Delete("httpbin-3s-rule.yaml");
        var after = await client.UntilAsync($"http://{_http}/headers", a => ShowsTimeout(a, 15000), "the deletion", cancellationToken);
        say.Result($"in effect after {Milliseconds(after)}");
        await GetTimed("delay/5", 200, 5, cancellationToken);
    }

    private async Task InjectSidecar(CancellationToken cancellationToken)
    {
        say.Step("Inject a sidecar", "In a cluster the operator injects pods as they are created. The diff shows that only lines are added.");
        var file = Path.Combine(files.Root, "httpbin.yaml");
        await File.WriteAllTextAsync(file, DemoFiles.Sample("httpbin.yaml"), cancellationToken);
        say.Command("istioctl kube-inject -f samples/httpbin/httpbin.yaml --diff");
        await using var inject = ChildProgram.StartSelf("kube-inject", "-f", file, "--diff");
        var (diff, exitCode) = await inject.CompleteAsync(cancellationToken);
        say.Result(diff);
        Require(exitCode == 0, $"kube-inject ended with {exitCode}");
        var lines = diff.Split('\n');
        Require(lines.Any(l => l.StartsWith('+') && l.Contains("name: istio-proxy", StringComparison.Ordinal)), "no container istio-proxy was added");
        Require(!lines.Any(l => l.StartsWith('-') && !l.StartsWith("---", StringComparison.Ordinal)), "lines were removed");
    }

    private async Task KeepAsync(CancellationToken cancellationToken)
    {
        say.Note($"""
            The demo is still running. Try:
              curl http://{_http}/headers
              curl -k https://{_https}/ip
              curl http://{_admin}/table
              cp config/samples/httpbin-3s-rule.yaml {files.ConfigDir}/
              curl -w '%{'{'}http_code{'}'}\n' http://{_http}/delay/5
            Ctrl-C stops it.
            """);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C ends the demo.
        }
    }

    private async Task<TimeSpan> Apply(string sample, string url, Func<DemoAnswer, bool> wanted, CancellationToken cancellationToken)
    {
        say.Command($"cat > $DIR/{sample} <<EOF\n{DemoFiles.SampleText(sample).TrimEnd()}\nEOF");
        files.Apply(sample, DemoFiles.Sample(sample));
        return await client.UntilAsync(url, wanted, sample, cancellationToken);
    }

    private async Task<DemoAnswer> Get(string url, int status, CancellationToken cancellationToken, string flags = "")
    {
        say.Command($"curl {flags}{url}");
        var answer = await client.GetAsync(url, cancellationToken);
        Require(answer.Status == status, $"the response of {url} is {answer.Status}, not {status}");
        return answer;
    }

    private async Task GetTimed(string path, int status, int seconds, CancellationToken cancellationToken)
    {
        say.Command($"time curl -o /dev/null -s -w \"%{{http_code}}\\n\" http://{_http}/{path}");
        var answer = await client.GetAsync($"http://{_http}/{path}", cancellationToken);
        say.Result(string.Create(CultureInfo.InvariantCulture, $"{answer.Status}\nreal    {answer.Elapsed.TotalSeconds:0.000}s"));
        Require(answer.Status == status, $"the response of /{path} is {answer.Status}, not {status}");
        Require(Math.Abs(answer.Elapsed.TotalSeconds - seconds) < 1, $"/{path} took {answer.Elapsed.TotalSeconds:0.0} s, not about {seconds} s");
    }

    /// <summary>Repeats the handshake. Certificate and route are in two files, of which only one may have been read at first.</summary>
    private async Task RetryHandshake(string url, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                await client.UntilAsync(url, DemoClient.IsOk, "secured-ingress.yaml", cancellationToken);
                return;
            }
            catch (HttpRequestException) when (time.GetElapsedTime(started) < TimeSpan.FromSeconds(5))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5), time, cancellationToken);
            }
        }
    }

    private async Task<(int Good, int Bad)> CountAnswers(string url, Func<DemoAnswer, bool> isGood, CancellationToken cancellationToken)
    {
        int good = 0, bad = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (isGood(await client.GetAsync(url, cancellationToken)))
                    good++;
                else
                    bad++;
            }
            catch (HttpRequestException)
            {
                bad++;
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }
        return (good, bad);
    }

    private static bool ShowsTimeout(DemoAnswer answer, int milliseconds) =>
        answer.Body.Contains(string.Create(CultureInfo.InvariantCulture, $"\"{TimeoutHeader}\": \"{milliseconds}\""), StringComparison.Ordinal);

    private static void Require(bool condition, string failure)
    {
        if (!condition)
            throw new DemoFailure(failure);
    }

    private static string Milliseconds(TimeSpan span) => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:0} ms");

    private static string FindHttpbin()
    {
        var here = AppContext.BaseDirectory;
        string[] candidates =
        [
            Path.Combine(here, "httpbin"),
            Path.Combine(here, "..", "httpbin", "httpbin"),
            Path.Combine(here, "..", "..", "bin", "httpbin"),
        ];
        return candidates.Select(Path.GetFullPath).FirstOrDefault(File.Exists)
            ?? throw new DemoFailure("the httpbin program is not beside this one; run `make build`, or name it with --httpbin");
    }
}
