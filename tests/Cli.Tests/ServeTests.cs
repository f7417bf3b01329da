using System.Net;
using System.Threading.Channels;
using Turnpike.Cli;
using Turnpike.Samples.Httpbin;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Cli;

/// <summary>Tests the whole of file mode: files in, responses out.</summary>
public sealed class ServeTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(20) };
    private readonly LineWriter _output = new();
    private readonly LineWriter _error = new();
    private readonly CancellationTokenSource _stop = new();
    private RunningHttpbin? _httpbin;
    private Task<int>? _serve;

    public async ValueTask InitializeAsync()
    {
        _httpbin = await HttpbinServer.StartAsync(new HttpbinOptions(), TestContext.Current.CancellationToken);
        _directory.Write("service.yaml", SampleManifests.Service(_httpbin.Address.Port));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_serve is not null)
            Assert.Equal(0, await _serve);
        if (_httpbin is not null)
            await _httpbin.DisposeAsync();
        _client.Dispose();
        _directory.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task Change_IsInForceWithin200Milliseconds()
    {
        _directory.Write("ingress.yaml", SampleManifests.Ingress("/headers"));
        var url = await StartAsync();
        Assert.Contains(
            "\"15000\"", await _client.GetStringAsync(url + "/headers", TestContext.Current.CancellationToken), StringComparison.Ordinal);

        // The bound is for a machine that does nothing else: the best of a few tries must keep it.
        var times = new List<TimeSpan>();
        for (var i = 1; i <= 5; i++)
        {
            var milliseconds = 3000 + i;
            var started = TimeProvider.System.GetTimestamp();
            _directory.Write("rule.yaml", SampleManifests.Rule($"timeout: {milliseconds}ms"));
            while (
                !(await _client.GetStringAsync(url + "/headers", TestContext.Current.CancellationToken)).Contains(
                    $"\"{milliseconds}\"", StringComparison.Ordinal))
            {
                Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(10), "the change never came into force");
            }

            times.Add(TimeProvider.System.GetElapsedTime(started));
        }
        Assert.True(times.Min() < TimeSpan.FromMilliseconds(200), $"took {string.Join(", ", times.Select(t => t.TotalMilliseconds))} ms");
    }

    [Fact]
    public async Task InvalidChange_IsReportedAndTheLastGoodVersionStays()
    {
        _directory.Write("ingress.yaml", SampleManifests.Ingress("/headers"));
        _directory.Write("rule.yaml", SampleManifests.Rule("timeout: 3s"));
        var url = await StartAsync();

        _directory.Write("rule.yaml", SampleManifests.Rule("timeout: 3"));
        var line = await _error.ExpectAsync("rule.yaml");
        Assert.StartsWith(
            "error: rule.yaml: document 1 (RouteRule default/rule): spec.http_req_timeout.simple_timeout.timeout: Invalid value: 3: ",
            line,
            StringComparison.Ordinal);
        Assert.Contains(
            "\"3000\"", await _client.GetStringAsync(url + "/headers", TestContext.Current.CancellationToken), StringComparison.Ordinal);

        // Broken syntax takes nothing out of force either.
        _directory.Write("ingress.yaml", "kind: [unclosed");
        await _error.ExpectAsync("error: ingress.yaml");
        Assert.Contains(
            "\"3000\"", await _client.GetStringAsync(url + "/headers", TestContext.Current.CancellationToken), StringComparison.Ordinal);

        _directory.Write("rule.yaml", SampleManifests.Rule("timeout: 4s"));
        await _error.ExpectAsync("resolved: error: rule.yaml");
        await UntilAsync(url + "/headers", async r => (await r.Content.ReadAsStringAsync()).Contains("\"4000\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AddedAndRemovedFiles_ComeAndGo()
    {
        var url = await StartAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync(url + "/get", TestContext.Current.CancellationToken)).StatusCode);
        _directory.Write("ingress.yaml", SampleManifests.Ingress("/get"));
        await UntilAsync(url + "/get", r => Task.FromResult(r.StatusCode == HttpStatusCode.OK));
        _directory.Delete("ingress.yaml");
        await UntilAsync(url + "/get", r => Task.FromResult(r.StatusCode == HttpStatusCode.NotFound));
    }

    [Fact]
    public async Task HostWithTls_IsRedirectedToThePortThatListens()
    {
        _directory.Write("ingress.yaml", """
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {name: secured, annotations: {kubernetes.io/ingress.class: istio}}
            spec:
              tls: [{hosts: [shop.example]}]
              rules: [{host: shop.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: httpbin, port: {number: 8000}}}}]}}]
            """);
        var url = await StartAsync();
        var https = (await _output.ExpectAsync("listening https "))["listening https ".Length..];
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, url + "/get?x=1");
        request.Headers.Host = "shop.example";

        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.PermanentRedirect, response.StatusCode);
        Assert.Equal($"https://shop.example:{https.Split(':')[^1]}/get?x=1", response.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task SameObjectInTwoFiles_TheFirstOneCounts()
    {
        _directory.Write("a.yaml", SampleManifests.Ingress("/get"));
        _directory.Write("b.yaml", SampleManifests.Ingress("/ip"));
        var url = await StartAsync();
        Assert.Equal(
            "error: b.yaml: document 1 (Ingress default/web): ignored, because a.yaml: document 1 already defines it",
            await _error.ExpectAsync("b.yaml"));
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync(url + "/get", TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync(url + "/ip", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task MisspeltKind_KeepsTheLastGoodVersionAndSaysSo()
    {
        _directory.Write("ingress.yaml", SampleManifests.Ingress("/headers"));
        var url = await StartAsync();
        _directory.Write(
            "ingress.yaml", SampleManifests.Ingress("/headers").Replace("kind: Ingress", "kind: Ingres", StringComparison.Ordinal));
        Assert.Equal(
            "error: ingress.yaml: document 1 (Ingres default/web): kind: Invalid value: \"Ingres\": is not known; did you mean "
                + "\"Ingress\"? (the previous Ingress default/web stays in effect)",
            await _error.ExpectAsync("Ingres "));
        // Whatever comes into force later has it still.
        _directory.Write("rule.yaml", SampleManifests.Rule("timeout: 3s"));
        await UntilAsync(url + "/headers", async r => (await r.Content.ReadAsStringAsync()).Contains("\"3000\"", StringComparison.Ordinal));
        _directory.Write("ingress.yaml", SampleManifests.Ingress("/ip"));
        await _error.ExpectAsync("resolved: error: ingress.yaml");
        await UntilAsync(url + "/headers", r => Task.FromResult(r.StatusCode == HttpStatusCode.NotFound));
    }

    [Fact]
    public async Task PipeInTheDirectory_IsSaidAndDoesNotFreezeConfiguration()
    {
        _directory.Write("ingress.yaml", SampleManifests.Ingress("/get"));
        var url = await StartAsync();
        using (var made = System.Diagnostics.Process.Start("mkfifo", [Path.Combine(_directory.Path, "pipe.yaml")]))
            await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(Path.Combine(_directory.Path, "loop.yaml"), "loop.yaml");
        Assert.Equal("error: pipe.yaml: document 1: is a pipe, not a file", await _error.ExpectAsync("pipe.yaml"));
        _directory.Write("ingress.yaml", SampleManifests.Ingress("/ip"));
        await UntilAsync(url + "/ip", r => Task.FromResult(r.StatusCode == HttpStatusCode.OK));
    }

    [Fact]
    public async Task NothingToServe_SaysWhatWasFoundInstead()
    {
        _directory.Write(
            "other.yaml",
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\n---\n"
                + "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: b}\nspec: {ingressClassName: nginx, defaultBackend: {service: {name: web, port: {number: 80}}}}"
        );
        await StartAsync();
        Assert.Equal(
            $"warning: nothing to serve: no Ingress of class istio in {_directory.Path} (found: 1 Endpoints, 1 Ingress of class \"nginx\", 1 Service, 1 VirtualService)",
            await _error.ExpectAsync("nothing to serve"));
        _directory.Write("ingress.yaml", SampleManifests.Ingress("/get"));
        await _error.ExpectAsync("resolved: warning: nothing to serve");
    }

    [Fact]
    public async Task AccessLog_HasALineForEachRequest()
    {
        _directory.Write("ingress.yaml", SampleManifests.Ingress("/get"));
        var url = await StartAsync("--access-log", "text");
        Assert.Equal(
            HttpStatusCode.OK, (await _client.GetAsync(url + "/get?token=secret", TestContext.Current.CancellationToken)).StatusCode);
        var line = await _output.ExpectAsync(" GET ");
        Assert.Matches(
            $"^[-0-9T:.]+Z GET {url}/get\\?\\.\\.\\. 200 [0-9.]+ms ingress=default/web "
                + $"upstream={_httpbin!.Address.Host}:{_httpbin.Address.Port}$",
            line);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync(url + "/nowhere", TestContext.Current.CancellationToken)).StatusCode);
        Assert.EndsWith("reason=NoRoute", await _output.ExpectAsync("/nowhere"), StringComparison.Ordinal);

        // A request to an endpoint that is not there is logged too.
        await _httpbin.DisposeAsync();
        Assert.Equal(
            HttpStatusCode.ServiceUnavailable, (await _client.GetAsync(url + "/get", TestContext.Current.CancellationToken)).StatusCode);
        Assert.EndsWith("reason=UpstreamConnectFailed", await _output.ExpectAsync("/get 503"), StringComparison.Ordinal);
        _httpbin = null;
    }

    [Fact]
    public async Task AccessLogInJson_IsAllThatStandardOutputHas()
    {
        _directory.Write("ingress.yaml", SampleManifests.Ingress("/get"));
        _serve = RunAsync(new ProcessContext(), "--access-log", "json");
        var url = "http://" + (await _error.ExpectAsync("listening http "))["listening http ".Length..];
        await _client.GetAsync(url + "/get", TestContext.Current.CancellationToken);
        Assert.StartsWith("{\"time\":\"", await _output.ExpectAsync(""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AccessLog_IsOnByDefaultOnATerminal()
    {
        _directory.Write("ingress.yaml", SampleManifests.Ingress("/get"));
        _serve = RunAsync(new ProcessContext { IsTerminal = true });
        var url = "http://" + (await _output.ExpectAsync("listening http "))["listening http ".Length..];
        await _client.GetAsync(url + "/get", TestContext.Current.CancellationToken);
        Assert.Contains(" 200 ", await _output.ExpectAsync(" GET "), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OutputThatNobodyReads_StopsNeitherRequestsNorChanges()
    {
        _directory.Write("ingress.yaml", SampleManifests.Ingress("/get"));
        using var blocked = new BlockedWriter();
        using var stop = new CancellationTokenSource();
        var serve = CommandLine.RunAsync(Arguments("--access-log", "text"), new ProcessContext(), blocked, _error, stop.Token);
        var url =
            "http://"
            + (await blocked.First.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken))["listening http ".Length..];
        await UntilAsync(url + "/get", r => Task.FromResult(r.StatusCode == HttpStatusCode.OK));
        _directory.Write("ingress.yaml", SampleManifests.Ingress("/ip"));
        await UntilAsync(url + "/ip", r => Task.FromResult(r.StatusCode == HttpStatusCode.OK));
        _directory.Write("ingress.yaml", SampleManifests.Ingress("/headers"));
        await UntilAsync(url + "/headers", r => Task.FromResult(r.StatusCode == HttpStatusCode.OK));
        await stop.CancelAsync();
        Assert.Equal(0, await serve.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task AccessLog_IsOffByDefaultElsewhere()
    {
        _directory.Write("ingress.yaml", SampleManifests.Ingress("/get"));
        var url = await StartAsync();
        await _client.GetAsync(url + "/get", TestContext.Current.CancellationToken);
        await _stop.CancelAsync();
        Assert.Equal(0, await _serve!);
        _serve = null;
        // The log is written out by now, if there is one.
        Assert.DoesNotContain(_output.Rest(), line => line.Contains(" GET ", StringComparison.Ordinal));
    }

    private async Task<string> StartAsync(params string[] more)
    {
        _serve = RunAsync(new ProcessContext(), more);
        return "http://" + (await _output.ExpectAsync("listening http "))["listening http ".Length..];
    }

    private Task<int> RunAsync(ProcessContext process, params string[] more) =>
        CommandLine.RunAsync(Arguments(more), process, _output, _error, _stop.Token);

    private string[] Arguments(params string[] more) =>
        ["serve", "--config-dir", _directory.Path, "--http-port", "0", "--https-port", "0", "--admin-port", "0", .. more];

    private async Task UntilAsync(string url, Func<HttpResponseMessage, Task<bool>> wanted)
    {
        await Wait.For(
            async ct =>
            {
                using var response = await _client.GetAsync(url, ct);
                return await wanted(response);
            },
            served => served,
            $"the new table behind {url}");
    }

    /// <summary>Takes a line, and then nothing any more, like a terminal that was stopped.</summary>
    private sealed class BlockedWriter : StringWriter
    {
        private readonly ManualResetEventSlim _released = new();
        private readonly TaskCompletionSource<string> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> First => _first.Task;

        public override void WriteLine(string? value)
        {
            if (!_first.TrySetResult(value ?? ""))
                _released.Wait();
        }

        public override void Write(string? value) => _released.Wait();

        public override Task WriteLineAsync(string? value)
        {
            WriteLine(value);
            return Task.CompletedTask;
        }

        protected override void Dispose(bool disposing)
        {
            _released.Set();
            base.Dispose(disposing);
        }
    }

    /// <summary>Lines as they are written, to be waited for.</summary>
    private sealed class LineWriter : StringWriter
    {
        private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

        public override void WriteLine(string? value) => _lines.Writer.TryWrite(value ?? "");

        /// <summary>Whole lines, as the access log writes them.</summary>
        public override void Write(string? value)
        {
            foreach (var line in (value ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
                WriteLine(line);
        }

        public override Task WriteLineAsync(string? value)
        {
            WriteLine(value);
            return Task.CompletedTask;
        }

        public List<string> Rest()
        {
            var lines = new List<string>();
            while (_lines.Reader.TryRead(out var line))
                lines.Add(line);
            return lines;
        }

        public async Task<string> ExpectAsync(string text)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limit.CancelAfter(TimeSpan.FromSeconds(10));
            await foreach (var line in _lines.Reader.ReadAllAsync(limit.Token))
            {
                if (line.Contains(text, StringComparison.Ordinal))
                    return line;
            }
            throw new InvalidOperationException("unreachable");
        }
    }
}
