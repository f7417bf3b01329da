using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Turnpike.Hosting.Admission;
using Turnpike.Hosting.Serving;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Hosting.Admission;

/// <summary>Any client may send to the webhook port: what it sends costs little, and the API server still gets its responses.</summary>
public sealed class AdmissionResilienceTests : IAsyncDisposable
{
    private const string Other = "127.0.0.2";

    private readonly FakeTimeProvider _clock = new();
    private readonly Lines _log = new();
    private WebApplication? _app;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private AdmissionGuard Guard => _app!.Services.GetRequiredService<AdmissionGuard>();

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
    }

    [Fact]
    public async Task BodyThatIsAnnouncedAndNotSent_CostsNothing()
    {
        await StartAsync(Allow, new AdmissionLimits { Bytes = 256 * 1024, BytesPerPeer = 256 * 1024 });
        var senders = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => BeginAsync("127.0.0.1", 4_000_000, 0)));
        Assert.InRange(Guard.BytesTaken, 0, 8 * 16 * 1024);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(Review(), Other)).StatusCode);
        Array.ForEach(senders, s => s.Dispose());
    }

    [Fact]
    public async Task FloodOfBodies_IsHeldWithinTheBudget_AndAnotherPeerIsAnswered()
    {
        await StartAsync(Allow, new AdmissionLimits { Bytes = 1024 * 1024, BytesPerPeer = 768 * 1024 });
        var flood = new List<Socket>();
        for (var i = 0; i < 20; i++)
            flood.Add(await BeginAsync("127.0.0.1", 4_000_000, 120_000));
        await Wait.Until(() => Guard.BytesTaken > 500_000, "the flood");
        Assert.InRange(Guard.BytesTaken, 0, 1024 * 1024);
        // Beyond its share a peer is told to retry later.
        await Wait.Until(() => flood.Exists(s => s.Available > 0), "a refusal");
        var refusal = await ReadHeadAsync(flood.First(s => s.Available > 0));
        Assert.StartsWith("HTTP/1.1 503", refusal, StringComparison.Ordinal);
        Assert.Contains("Retry-After: 1", refusal, StringComparison.Ordinal);

        // A peer that holds less than the flood gets room from it.
        for (var i = 0; i < 3; i++)
            Assert.Equal(HttpStatusCode.OK, (await PostAsync(Review().PadRight(120_000), Other)).StatusCode);
        Assert.InRange(Guard.BytesTaken, 0, 1024 * 1024);
        flood.ForEach(s => s.Dispose());
        await Wait.Until(() => Guard.BytesTaken == 0, "the end of the flood");
    }

    [Fact]
    public async Task HandlerThatBlocksItsThread_IsAnsweredForAtTheDeadline_AndKeepsItsSlotUntilItIsDone()
    {
        using var release = new ManualResetEventSlim();
        using var entered = new SemaphoreSlim(0);
        await StartAsync(
            (_, _) =>
            {
                entered.Release();
                release.Wait(TimeSpan.FromSeconds(60), CancellationToken.None);
                return new(AdmissionResponse.Allowed());
            },
            new AdmissionLimits { Handlers = 2, HandlersPerPeer = 2 });
        var blocked = new[] { PostAsync(Review()), PostAsync(Review()) };
        for (var i = 0; i < 2; i++)
            Assert.True(await entered.WaitAsync(TimeSpan.FromSeconds(20), Cancelled));
        var waiting = PostAsync(Review());
        await Wait.Until(() => Guard.BytesTaken > 2 * 16 * 1024 + 10_000, "the third review");
        _clock.Advance(TimeSpan.FromSeconds(9));

        foreach (var response in await Task.WhenAll(blocked))
            Assert.Contains("took too long", await response.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await waiting).StatusCode);
        Assert.Equal(0, entered.CurrentCount);
        Assert.NotEqual(0, Guard.BytesTaken);

        release.Set();
        await Wait.Until(() => Guard.BytesTaken == 0, "the end of the handlers");
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(Review())).StatusCode);
    }

    [Fact]
    public async Task Handlers_AreBounded_AndPeersTakeTurns()
    {
        var (now, most) = (0, 0);
        var order = new ConcurrentQueue<string>();
        using var release = new SemaphoreSlim(0);
        await StartAsync(
            (request, _) =>
            {
                most = Math.Max(most, Interlocked.Increment(ref now));
                release.Wait(TimeSpan.FromSeconds(60), CancellationToken.None);
                order.Enqueue(request.Uid);
                Interlocked.Decrement(ref now);
                return new(AdmissionResponse.Allowed());
            },
            new AdmissionLimits { Handlers = 1, HandlersPerPeer = 1 });
        var flood = Enumerable.Range(0, 10).Select(_ => PostAsync(Review("flood"))).ToList();
        await Wait.Until(() => Guard.BytesTaken >= 10 * 16 * 1024, "the flood");
        var other = PostAsync(Review("other"), Other);
        await Wait.Until(() => Guard.BytesTaken >= 11 * 16 * 1024, "the other peer");
        release.Release(11);
        await Task.WhenAll(flood.Append(other));
        Assert.Equal(1, most);
        Assert.Contains("other", order.Take(3));
    }

    [Fact]
    public async Task HandlerThatFails_IsLoggedInOneBoundedLine()
    {
        await StartAsync((_, _) => throw new InvalidOperationException("a\nfake line " + new string('x', 100_000)));
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(Review())).StatusCode);
        var line = Assert.Single(_log.All);
        Assert.DoesNotContain('\n', line);
        Assert.InRange(line.Length, 1, 5000);
    }

    public static TheoryData<string, string> Hostile =>
        new()
        {
            {
                """{"apiVersion":"BIG\u001b[2J\n","kind":"AdmissionReview"}""".Replace(
                    "BIG",
                    new string('v', 3_000_000),
                    StringComparison.Ordinal),
                "not an AdmissionReview"
            },
            {
                """{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"\nBIG"}}""".Replace(
                    "BIG",
                    new string('o', 3_000_000),
                    StringComparison.Ordinal),
                "request.operation: has 3000001 characters"
            },
            {
                """{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"BIG","operation":"CREATE"}}""".Replace(
                    "BIG",
                    new string('u', 3_000_000),
                    StringComparison.Ordinal),
                "request.uid"
            },
            {
                """{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"\nEAT"}}""",
                "is not CREATE"
            },
            { """{"apiVersion":"\ud800","kind":"AdmissionReview"}""", "cannot be read" },
            { """{"apiVersion":"a","apiVersion":"b"}""", "Duplicate" },
            { Review().Replace("\"object\":{}", "\"object\":{\"a\":{\"b\":1,\"b\":2}}", StringComparison.Ordinal), "Duplicate" },
            { Review().Replace("\"object\":{}", "\"object\":[]", StringComparison.Ordinal), "request.object: must be a JSON object" },
            {
                Review()
                    .Replace("\"object\":{}", "\"object\":\"BIG\"", StringComparison.Ordinal)
                    .Replace("BIG", new string('x', 3_000_000), StringComparison.Ordinal),
                "request.object: must be a JSON object"
            },
            {
                Review().Replace("\"object\":{}", "\"object\":{},\"oldObject\":7", StringComparison.Ordinal),
                "request.oldObject: must be a JSON object"
            },
            {
                Review()
                    .Replace(
                        "\"object\":{}",
                        "\"object\":{\"a\":[" + string.Join(',', Enumerable.Repeat("[]", 200_000)) + "]}",
                        StringComparison.Ordinal),
                "more than 200000"
            },
            {
                Review()
                    .Replace(
                        "\"object\":{}",
                        "\"object\":{\"a\":" + new string('[', 2000) + new string(']', 2000) + "}",
                        StringComparison.Ordinal),
                "depth"
            },
            { new string('\u0001', 3_000_000), "not JSON" },
        };

    [Theory]
    [MemberData(nameof(Hostile), DisableDiscoveryEnumeration = true)]
    public async Task HostileBody_IsABadRequest_AndOneShortLineInTheLog(string body, string message)
    {
        await StartAsync((_, _) => throw new InvalidOperationException("must not be called"));
        var response = await PostAsync(body);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var text = await response.Content.ReadAsStringAsync(Cancelled);
        Assert.Contains(message, text, StringComparison.OrdinalIgnoreCase);
        var line = Assert.Single(_log.All);
        Assert.InRange(line.Length, 1, 600);
        Assert.DoesNotContain(line, char.IsControl);
        await Wait.Until(() => Guard.BytesTaken == 0, "the release");
    }

    [Fact]
    public async Task HugeNumbers_AreNoHarm()
    {
        var length = 0;
        await StartAsync(
            (request, _) =>
            {
                length = request.Object!.Value.GetProperty("n").GetRawText().Length;
                return new(AdmissionResponse.Allowed());
            });
        var response = await PostAsync(
            Review().Replace("\"object\":{}", "\"object\":{\"n\":1" + new string('0', 1_000_000) + "e999999999}", StringComparison.Ordinal)
        );
        Assert.Equal((HttpStatusCode.OK, 1_000_011), (response.StatusCode, length));
    }

    [Fact]
    public async Task LinesAboutMalformedRequests_AreLimitedByPeer()
    {
        await StartAsync(Allow);
        for (var i = 0; i < 30; i++)
            Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync("{")).StatusCode);
        Assert.Equal(10, _log.All.Count);
        await PostAsync("{", Other);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await PostAsync("{");
        Assert.Equal(12, _log.All.Count);
    }

    [Fact]
    public async Task Sender_ThatIsSlow_IsEndedAtTheDeadline()
    {
        await StartAsync(Allow);
        using var slow = await BeginAsync("127.0.0.1", 4_000_000, 20_000);
        await Wait.Until(() => Guard.BytesTaken > 0, "the beginning of the body");
        _clock.Advance(TimeSpan.FromSeconds(9));
        Assert.StartsWith("HTTP/1.1 503", await ReadHeadAsync(slow), StringComparison.Ordinal);
        await Wait.Until(() => Guard.BytesTaken == 0, "the release");
        // The server does not log an error either for a reader that was left in the middle.
        await slow.SendAsync(new byte[1000], Cancelled);
        Assert.Single(_log.All);
    }

    private static ValueTask<AdmissionResponse> Allow(AdmissionRequest request, CancellationToken ct) => new(AdmissionResponse.Allowed());

    private static string Review(string uid = "u") =>
        $$$"""
            {"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"{{{uid}}}","operation":"CREATE","kind":{},"resource":{},"object":{} } }
            """;

    private async Task StartAsync(AdmissionHandler handler, AdmissionLimits? limits = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(_log).AddFilter("Microsoft", LogLevel.Error);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.UseNarrowLimits();
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        builder.Services.AddSingleton<TimeProvider>(_clock).AddSingleton(limits ?? new()).AddAdmission();
        _app = builder.Build();
        _app.MapAdmission("/check", handler, new() { OnFailure = AdmissionFailure.Deny });
        await _app.StartAsync(Cancelled);
    }

    private async Task<HttpResponseMessage> PostAsync(string body, string from = "127.0.0.1")
    {
        using var client = new HttpClient(
            new SocketsHttpHandler { ConnectCallback = async (_, ct) => new NetworkStream(await ConnectAsync(from, ct), ownsSocket: true) }
        );
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(new Uri(_app!.Urls.First()), "/check")) { Content = content };
        var response = await client.SendAsync(request, Cancelled);
        await response.Content.LoadIntoBufferAsync(Cancelled);
        return response;
    }

    /// <summary>Sends the head of a request and the beginning of its body.</summary>
    private async Task<Socket> BeginAsync(string from, int announced, int sent)
    {
        var socket = await ConnectAsync(from, Cancelled);
        var head = $"POST /check HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {announced}\r\n\r\n";
        await socket.SendAsync(Encoding.ASCII.GetBytes(head + new string(' ', sent)), Cancelled);
        return socket;
    }

    private async Task<Socket> ConnectAsync(string from, CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        await socket.ConnectAsync(IPAddress.Loopback, new Uri(_app!.Urls.First()).Port, ct);
        return socket;
    }

    private static async Task<string> ReadHeadAsync(Socket socket)
    {
        var buffer = new byte[4096];
        var read = await socket.ReceiveAsync(buffer, Cancelled).AsTask().WaitAsync(TimeSpan.FromSeconds(20), Cancelled);
        return Encoding.ASCII.GetString(buffer, 0, read);
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public IReadOnlyList<string> All => [.. _lines];

        public ILogger CreateLogger(string categoryName) => this;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                _lines.Enqueue(formatter(state, exception) + exception);
        }

        public void Dispose()
        {
        }
    }
}
