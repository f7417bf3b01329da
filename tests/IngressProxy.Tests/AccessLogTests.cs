using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Turnpike.Http;
using Turnpike.IngressProxy;
using Turnpike.IngressProxy.AccessLog;
using Turnpike.IngressProxy.Admin;
using Turnpike.Pipeline;
using Turnpike.Routing;
using Turnpike.Tests.IngressProxy.Harness;
using Turnpike.Tests.Support.Proxy;

namespace Turnpike.Tests.IngressProxy;

/// <summary>Tests the line for each request: what it says, what it never says, and that no request waits for it.</summary>
public sealed partial class AccessLogTests : PipelineTest
{
    private static readonly RouteOrigin Origin = new("Ingress", "default/shop", "spec.rules[0].http.paths[0]", "rule 1 path 1");

    [Fact]
    public async Task Text_SaysWhereTheRequestWentAndHowItEnded()
    {
        var line = await LineAsync(AccessLogFormat.Text, new FakeUpstream(new FakeResponse(200)), Route(), new FakeExchange("GET", "/cart"));
        Assert.Equal("2000-01-01T00:00:00.000Z GET http://a.example.com:8080/cart 200 0.0ms ingress=default/ingress rule=default/rule upstream=10.0.0.1:80", line);
    }

    [Fact]
    public async Task Json_SaysTheSameByName()
    {
        var line = await LineAsync(AccessLogFormat.Json, new FakeUpstream(new FakeResponse(503)), Route(), new FakeExchange("POST", "/cart?token=secret"));
        Assert.Equal(
            """{"time":"2000-01-01T00:00:00.000Z","method":"POST","scheme":"http","protocol":"HTTP/1.1","host":"a.example.com:8080","path":"/cart","query":true"""
            + ""","status":503,"durationMs":0,"ingress":"default/ingress","rule":"default/rule","upstream":"10.0.0.1:80","tries":1}""",
            line);
    }

    [Theory]
    [InlineData(AccessLogFormat.Text)]
    [InlineData(AccessLogFormat.Json)]
    public async Task Query_IsNeverLogged(AccessLogFormat format)
    {
        var line = await LineAsync(format, new FakeUpstream(new FakeResponse(200)), Route(), new FakeExchange("GET", "/a?access_token=s3cr3t&x=/b"));
        Assert.DoesNotContain("s3cr3t", line, StringComparison.Ordinal);
        Assert.DoesNotContain("access_token", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reason_IsGivenForEveryResponseThatIsNotAnEndpoints()
    {
        var failing = (UpstreamFailure failure) => new FakeUpstream(FakeResponse.Failing(failure));
        Assert.Equal("503 UpstreamConnectFailed", await EndAsync(failing(UpstreamFailure.Connect), Route()));
        Assert.Equal("503 UpstreamReset", await EndAsync(failing(UpstreamFailure.Reset), Route()));
        Assert.Equal("502 UpstreamMalformed", await EndAsync(failing(UpstreamFailure.Malformed), Route()));
        Assert.Equal("301 Redirected", await EndAsync(new FakeUpstream(), Route() with { Redirect = new RedirectAction(301, null, null, "/b") }));
        Assert.Equal("418 FaultAbort", await EndAsync(new FakeUpstream(), Route() with { Fault = new FaultAction(0, TimeSpan.Zero, 100, 418) }));
        Assert.Equal("503 NoHealthyUpstream", await EndAsync(new FakeUpstream(), Route(), cluster: Cluster(0)));
        var webSocket = new FakeExchange();
        webSocket.Request.IsWebSocket = true;
        Assert.Equal("403 WebSocketNotAllowed", await EndAsync(new FakeUpstream(), Route() with { AllowWebSocket = false }, webSocket));
        var old = new FakeExchange();
        old.Request.Version = HttpGeneration.Http10;
        Assert.Equal("426 NotServed", await EndAsync(new FakeUpstream(), Route(), old));
        var elsewhere = new FakeExchange();
        elsewhere.Request.Target = "*"u8;
        Assert.Equal("404 NotServed", await EndAsync(new FakeUpstream(), Route(), elsewhere));
        Assert.Equal("503 DirectResponse", await EndAsync(new FakeUpstream(), Route() with { Targets = [], DirectResponse = new DirectResponseAction(503, "no") }));
        Assert.Equal("404 NoRoute", await EndAsync(new FakeUpstream(), Route(), table: RouteTable.Empty));
        Assert.Equal("500 InternalError", await EndAsync(new FakeUpstream((Func<Sent, FakeResponse>)(_ => throw new InvalidOperationException("fault of ours"))), Route()));
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();
        Assert.Equal("- ClientGone", await EndAsync(new FakeUpstream((_, _) => Task.FromCanceled<FakeResponse>(gone.Token)), Route(), new FakeExchange { Gone = gone.Token }));
    }

    [Fact]
    public async Task Retry_CountsTriesAndNamesTheLastEndpoint()
    {
        var upstream = new FakeUpstream(new FakeResponse(503), new FakeResponse(200));
        Random.Doubles.Enqueue(0); // no wait between the two
        var line = await LineAsync(AccessLogFormat.Text, upstream, Route() with { Retry = new RetryPolicy(1) }, new FakeExchange(), Cluster(2));
        Assert.EndsWith(" upstream=10.0.0.2:80 tries=2", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/a\nb", @"/a\x0ab")]
    [InlineData("/a b\"c\\", @"/a\x20b\x22c\x5c")]
    [InlineData("/\u001b[2J\u007f\u009b", @"/\x1b[2J\x7f\x9b")]
    [InlineData("/ä\u2028\uffff", @"/\xe4\u2028\uffff")]
    [InlineData("/plain-._~!$&'()*+,;=:@%20", "/plain-._~!$&'()*+,;=:@%20")]
    public void Escapes_AllThatIsNotVisibleAscii(string raw, string expected)
    {
        var exchange = new FakeExchange(raw, raw);
        exchange.Request.Authority = WireText.Encoding.GetBytes(raw);
        var entry = EntryOf(exchange) with { Ingress = raw, Rule = raw };
        Assert.Equal(expected, AccessLine.Escaped(raw));
        var text = Written(AccessLogFormat.Text, entry);
        Assert.All(text[..^1], c => Assert.InRange(c, ' ', '~'));
        using var json = JsonDocument.Parse(Written(AccessLogFormat.Json, entry));
        Assert.Equal(expected, json.RootElement.GetProperty("rule").GetString());
        // The log escapes a client's text as bytes.
        var written = AccessLine.Escaped(Encoding.Latin1.GetString(WireText.Encoding.GetBytes(raw)));
        Assert.All(["method", "host", "path"], name => Assert.Equal(written, json.RootElement.GetProperty(name).GetString()));
        Assert.All(Written(AccessLogFormat.Json, entry)[..^1], c => Assert.InRange(c, ' ', '~'));
    }

    [Fact]
    public void Lengths_AreBounded()
    {
        var exchange = new FakeExchange(new string('M', 500), "/" + new string('p', 60_000) + "?" + new string('q', 1000));
        exchange.Request.Authority = Encoding.ASCII.GetBytes(new string('h', 60_000));
        var entry = AccessEntry.Of(exchange, Origin, "default/rule", clientGone: false, DateTimeOffset.UnixEpoch, TimeSpan.Zero, new byte[AccessEntry.MaxText]);
        Assert.Equal((32, 255, 1024), (entry.Method.Length, entry.Host.Length, entry.Path.Length));
        Assert.EndsWith("ppp...", entry.Path.Text(), StringComparison.Ordinal);
        Assert.True(entry.HasQuery);
    }

    [Fact]
    public void PathAtTheLimit_IsWhole()
    {
        var path = "/" + new string('p', AccessEntry.MaxPath - 1);
        Assert.Equal(path, AccessEntry.Of(new FakeExchange("GET", path), null, null, false, DateTimeOffset.UnixEpoch, TimeSpan.Zero, new byte[AccessEntry.MaxText]).Path.Text());
        Assert.Equal(path, AccessEntry.Of(new FakeExchange("GET", path + "?q"), null, null, false, DateTimeOffset.UnixEpoch, TimeSpan.Zero, new byte[AccessEntry.MaxText]).Path.Text());
    }

    [Fact]
    public void SlowReader_CostsLinesAndNobodysTime()
    {
        using var release = new ManualResetEventSlim();
        using var reached = new ManualResetEventSlim();
        var written = new StringBuilder();
        using (var log = new RequestLog(AccessLogFormat.Text, lines => { reached.Set(); release.Wait(); written.Append(Encoding.UTF8.GetString(lines)); }, Metrics, Time))
        {
            var exchange = new FakeExchange();
            log.Add(exchange, Origin, null, false, TimeSpan.Zero);
            reached.Wait(TestContext.Current.CancellationToken);
            // The writer is stuck with the first; all the others meet the queue.
            for (var i = 0; i < RequestLog.Capacity + 500; i++)
                log.Add(exchange, Origin, null, false, TimeSpan.Zero);
            Assert.Equal(500, Metrics.DroppedLogLines);
            release.Set();
        }
        var lines = written.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(RequestLog.Capacity + 2, lines.Length);
        Assert.Contains("access log: 500 requests are left out here, since what reads this log is slow", lines);
        Assert.Contains("turnpike_access_log_dropped_total 500\n", MetricsText.Write(Metrics, 0, 0), StringComparison.Ordinal);
    }

    [Fact]
    public void StuckReader_DoesNotKeepTheProxyFromStopping()
    {
        using var release = new ManualResetEventSlim();
        var log = new RequestLog(AccessLogFormat.Text, _ => release.Wait(), Metrics, TimeProvider.System);
        log.Add(new FakeExchange(), Origin, null, false, TimeSpan.Zero);
        var began = TimeProvider.System.GetTimestamp();
        log.Dispose();
        Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(20));
        release.Set();
    }

    [Fact]
    public void ReaderThatHasGone_EndsTheLogAndNothingElse()
    {
        using var failed = new ManualResetEventSlim();
        using var log = new RequestLog(AccessLogFormat.Text, _ => { failed.Set(); throw new IOException("broken pipe"); }, Metrics, Time);
        log.Add(new FakeExchange(), Origin, null, false, TimeSpan.Zero);
        failed.Wait(TestContext.Current.CancellationToken);
        SpinWait.SpinUntil(() => { log.Add(new FakeExchange(), Origin, null, false, TimeSpan.Zero); return Metrics.DroppedLogLines > 0; }, TimeSpan.FromSeconds(20));
        Assert.True(Metrics.DroppedLogLines > 0);
    }

    [Fact]
    public void Adding_AllocatesNothing()
    {
        using var release = new ManualResetEventSlim();
        using var log = new RequestLog(AccessLogFormat.Text, _ => release.Wait(), Metrics, TimeProvider.System);
        var exchange = new FakeExchange("GET", "/cart");
        log.Add(exchange, Origin, "default/rule", false, TimeSpan.Zero);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            log.Add(exchange, Origin, "default/rule", false, TimeSpan.Zero);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        release.Set();
    }

    [Fact]
    public async Task Proxy_LogsRequestsOfItsListeners()
    {
        await using var upstream = await KestrelUpstream.StartAsync(context => Task.CompletedTask);
        var written = new TaskCompletionSource<string>();
        var options = new ProxyOptions
        {
            Address = IPAddress.Loopback,
            Listeners = ListenerOptions.OfIngress(0, 0),
            AdminPort = 0,
            AccessLog = AccessLogFormat.Json,
            AccessLogSink = lines => written.TrySetResult(Encoding.UTF8.GetString(lines)),
        };
        await using var proxy = await ProxyServer.StartAsync(options, cancellationToken: TestContext.Current.CancellationToken);
        proxy.Swap(Tables.Of(Tables.Cluster(upstream.EndPoint), Tables.Route()));
        using var client = new HttpClient();
        using var response = await client.GetAsync(new Uri($"http://{proxy.Http}/a%0Ab?secret=1"), TestContext.Current.CancellationToken);
        using var line = JsonDocument.Parse(await written.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        Assert.Equal("/a%0Ab", line.RootElement.GetProperty("path").GetString());
        Assert.Equal((int)response.StatusCode, line.RootElement.GetProperty("status").GetInt32());
        Assert.Equal(upstream.EndPoint.ToString(), line.RootElement.GetProperty("upstream").GetString());
    }

    [Fact]
    public async Task Program_HasNothingButJsonOnStandardOutput()
    {
        string[] arguments = ["ingress", "--address=127.0.0.1", "--http-port=0", "--https-port=0", "--status-port=0", "--admin-port=0", "--drain-delay=0", "--table=no-such-file", "--access-log=json"];
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "turnpike-proxy"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            string? said;
            while ((said = await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken)) is not null && !said.StartsWith("listening http ", StringComparison.Ordinal))
            {
                // The log of the program.
            }
            using var client = new HttpClient();
            using var response = await client.GetAsync(new Uri($"http://{said!["listening http ".Length..]}/nowhere?token=secret"), TestContext.Current.CancellationToken);
            using var line = JsonDocument.Parse((await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!);
            Assert.Equal("/nowhere", line.RootElement.GetProperty("path").GetString());
            Assert.Equal("NoRoute", line.RootElement.GetProperty("reason").GetString());
        }
        finally
        {
            process.Kill();
        }
    }

    private static Route Route() => Tables.Route() with { Rule = "default/rule" };

    private static AccessEntry Entry() => EntryOf(new FakeExchange());

    private static AccessEntry EntryOf(FakeExchange exchange) =>
        AccessEntry.Of(exchange, Origin, null, false, DateTimeOffset.UnixEpoch, TimeSpan.Zero, new byte[AccessEntry.MaxText]);

    private static string Written(AccessLogFormat format, AccessEntry entry)
    {
        using var line = new AccessLine(format);
        line.Write(entry);
        return Encoding.UTF8.GetString(line.Written);
    }

    private async Task<string> EndAsync(IUpstreamClient upstream, Route route, FakeExchange? exchange = null, Cluster? cluster = null, RouteTable? table = null)
    {
        var line = await LineAsync(AccessLogFormat.Text, upstream, route, exchange ?? new FakeExchange(), cluster, table);
        return Ending().Replace(line, "$1 $2");
    }

    private async Task<string> LineAsync(AccessLogFormat format, IUpstreamClient upstream, Route route, FakeExchange exchange, Cluster? cluster = null, RouteTable? table = null)
    {
        var written = new StringBuilder();
        using (var log = new RequestLog(format, lines => written.Append(Encoding.UTF8.GetString(lines)), Metrics, Time))
        {
            var pipeline = new ProxyPipeline(FakeExchange.Listeners, upstream, Metrics, Logs.CreateLogger("test"), Random, Time, Deadlines, log: log);
            pipeline.Swap(table ?? Tables.Of(cluster ?? Cluster(), route));
            await pipeline.HandleAsync(exchange);
        }
        var line = written.ToString();
        Assert.EndsWith("\n", line, StringComparison.Ordinal);
        return Assert.Single(line.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [GeneratedRegex("^.* (-|[0-9]{3}) [0-9.]+ms.* reason=([A-Za-z]+)$")]
    private static partial Regex Ending();
}
