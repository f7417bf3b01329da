using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Time.Testing;
using Turnpike.Discovery;
using Turnpike.Protocol;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.ControlPlane;
using TableFormat = Turnpike.Routing.TableFormat;

namespace Turnpike.Tests.Discovery;

/// <summary>What strangers send to the discovery port costs the control plane little and the proxies nothing.</summary>
public sealed class ResilienceTests : IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    private const string Other = "127.0.0.2";

    private Cluster _cluster = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _cluster = await Cluster.StartAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Theory]
    [InlineData("/turnpike.discovery.v1.Fleet/Proxies")]
    [InlineData("/turnpike.discovery.v1.Discovery/Stream")]
    public async Task StrangersMessage_IsNotReadBeforeTheCallerIsKnown(string method)
    {
        await using var replica = await Replica.StartAsync(_cluster);
        using var client = new HttpClient(replica.Handler()) { BaseAddress = new Uri($"https://localhost:{replica.Port}") };
        var bodies = Enumerable.Range(0, 30).Select(_ => new UnfinishedMessage()).ToList();
        await Task.WhenAll(bodies.Select(async body =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, method) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = body };
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancelled);
            Assert.Equal("16", Assert.Single(response.Headers.GetValues("grpc-status")));
            Assert.Contains("a ServiceAccount token is needed", Assert.Single(response.Headers.GetValues("grpc-message")), StringComparison.Ordinal);
        }));
        // What was on its way when the refusal came: the window of the connection, however many calls there are.
        Assert.InRange(bodies.Sum(b => b.Sent), 0, 1024 * 1024);
    }

    [Fact]
    public async Task ConnectionsOfAPeer_AreLimited_AndLeaveRoomForAnother()
    {
        // Longer than the test may take on a slow machine: it is about places, not about time.
        var limits = new DiscoveryLimits { Connections = new DiscoveryLimits().Connections with { Connections = 12, ConnectionsPerPeer = 8, HandshakeWithin = Long, ProveWithin = Long } };
        await using var replica = await Replica.StartAsync(_cluster, limits: limits);
        var flood = new List<Socket>();
        try
        {
            // The server takes connections in any order, so it is told how many are closed, not which.
            for (var i = 0; i < 9; i++)
                flood.Add(await ConnectAsync(replica.Port, "127.0.0.1"));
            await Wait.Until(() => flood.Count(IsOpen) == 8, "the refusal of the ninth");
            flood.RemoveAll(s => !IsOpen(s));
            var others = new List<Socket>();
            for (var i = 0; i < 4; i++)
                others.Add(await ConnectAsync(replica.Port, "127.0.0.3"));
            flood.AddRange(others);

            // All places are taken, and a third peer gets one of the peer that has most.
            using var channel = replica.Open(from: Other);
            using var stream = await FollowAsync(channel, Cluster.Ingress, replica);
            await Wait.Until(() => flood.Count(IsOpen) == 11, "the place for a third peer");
            Assert.All(others, socket => Assert.True(IsOpen(socket)));
        }
        finally
        {
            flood.ForEach(s => s.Dispose());
        }
    }

    [Fact]
    public async Task ConnectionThatProvesNothing_IsClosed_OneOfAProxyStays()
    {
        var limits = new DiscoveryLimits
        {
            Connections = new DiscoveryLimits().Connections with { Connections = 2, ConnectionsPerPeer = 2, ProveWithin = TimeSpan.FromSeconds(2), HandshakeWithin = TimeSpan.FromSeconds(20) },
        };
        await using var replica = await Replica.StartAsync(_cluster, limits: limits);
        using var channel = replica.Open();
        using var stream = await FollowAsync(channel, Cluster.Ingress, replica);
        for (var round = 0; round < 3; round++)
        {
            // The proxy takes no place of strangers, so both are there for them as soon as the former two have given theirs back.
            var (first, second) = await ConnectTwoAsync(replica.Port);
            await AssertClosed(first);
            await AssertClosed(second);
            first.Dispose();
            second.Dispose();
        }
        Assert.Single(replica.Registry.All);
        _cluster.AddIngress("more");
        Assert.True(await stream.ResponseStream.MoveNext(Cancelled));
    }

    [Fact]
    public async Task HandshakesThatNeverEnd_AreEnded()
    {
        var limits = new DiscoveryLimits { Connections = new DiscoveryLimits().Connections with { Handshakes = 2, HandshakesPerPeer = 1, HandshakeWithin = TimeSpan.FromSeconds(1) } };
        await using var replica = await Replica.StartAsync(_cluster, limits: limits);
        using var silent = await ConnectAsync(replica.Port, "127.0.0.1");
        using var half = await ConnectAsync(replica.Port, "127.0.0.1");
        await half.SendAsync(new byte[] { 0x16, 0x03, 0x01, 0x02, 0x00 }, Cancelled);

        using var channel = replica.Open(from: Other);
        using var stream = await FollowAsync(channel, Cluster.Ingress, replica);
        await AssertClosed(silent);
        await AssertClosed(half);
    }

    [Fact]
    public async Task FloodOfForgedTokens_IsAnsweredFromMemory_AndStarvesNobody()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var replica = await Replica.StartAsync(_cluster, clock: clock);
        // Over several connections, so that no call waits in the client for a stream of one to become free.
        var flood = Enumerable.Range(0, 10).Select(_ => replica.Open()).ToList();
        var codes = await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
        {
            using var stream = new Protocol.Discovery.DiscoveryClient(flood[i % flood.Count]).Stream(Replica.Bearer(Forged($"pod-{i}")), cancellationToken: Cancelled);
            return (await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(Cancelled))).StatusCode;
        }));
        Assert.All(codes, code => Assert.True(code is StatusCode.Unauthenticated or StatusCode.ResourceExhausted, $"{code}"));
        Assert.Contains(StatusCode.ResourceExhausted, codes);
        var asked = _cluster.Api.TokenReviews;
        Assert.InRange(asked, 1, DiscoveryLimits.BadTokensAtOnce);
        flood.ForEach(channel => channel.Dispose());

        // Another peer is served though the first one has used up what it may ask.
        using var channel = replica.Open(from: Other);
        using var good = await FollowAsync(channel, Cluster.Ingress, replica);
        Assert.Equal(asked + 1, _cluster.Api.TokenReviews);

        // The same forged token again and again is one question.
        for (var i = 0; i < 5; i++)
        {
            using var again = new Protocol.Discovery.DiscoveryClient(channel).Stream(Replica.Bearer(Forged("one")), cancellationToken: Cancelled);
            Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(() => again.ResponseStream.MoveNext(Cancelled))).StatusCode);
        }
        Assert.Equal(asked + 2, _cluster.Api.TokenReviews);
    }

    [Theory]
    [InlineData("a.b.c")]
    [InlineData("..")]
    [InlineData("e30.e30.e30")]
    [InlineData("huge")]
    [InlineData("wrong audience")]
    [InlineData("expired")]
    [InlineData("somebody else's")]
    [InlineData("unsigned")]
    public async Task TokenThatCannotBeRight_IsRefusedWithoutAskingTheApiServer(string kind)
    {
        await using var replica = await Replica.StartAsync(_cluster);
        var token = kind switch
        {
            "huge" => FakeJwt.Of("istio-system:istio-ingress", "turnpike-ingress", pod: new string('x', 9000)),
            "wrong audience" => FakeJwt.Of("istio-system:istio-ingress", "vault"),
            "expired" => FakeJwt.Of("istio-system:istio-ingress", "turnpike-ingress", expires: TimeProvider.System.GetUtcNow().AddMinutes(-1)),
            "somebody else's" => Cluster.Stranger,
            "unsigned" => FakeJwt.Of("istio-system:istio-ingress", "turnpike-ingress", signature: ""),
            _ => kind,
        };
        using var channel = replica.Open();
        using var stream = new Protocol.Discovery.DiscoveryClient(channel).Stream(Replica.Bearer(token), cancellationToken: Cancelled);
        var refusal = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(Cancelled));
        Assert.True(refusal.StatusCode is StatusCode.Unauthenticated or StatusCode.PermissionDenied, refusal.Message);
        Assert.Equal(0, _cluster.Api.TokenReviews);
    }

    private static string Forged(string pod) => FakeJwt.Of("istio-system:istio-ingress", "turnpike-ingress", pod, signature: "forged");

    /// <summary>A stream that has got its first table.</summary>
    private static async Task<AsyncDuplexStreamingCall<ProxyMessage, TableUpdate>> FollowAsync(GrpcChannel channel, string token, Replica replica)
    {
        var stream = new Protocol.Discovery.DiscoveryClient(channel).Stream(Replica.Bearer(token), cancellationToken: Cancelled);
        var hello = new Hello { Pod = "ingress-1", Namespace = "istio-system", Role = Role.Ingress, Format = TableFormat.Current };
        await stream.RequestStream.WriteAsync(new ProxyMessage { Hello = hello }, Cancelled);
        Assert.True(await stream.ResponseStream.MoveNext(Cancelled));
        await stream.RequestStream.WriteAsync(new ProxyMessage { Outcome = new Outcome { TableVersion = stream.ResponseStream.Current.ToVersion } }, Cancelled);
        await Wait.Until(() => replica.HasAcknowledged(), "the acknowledgement");
        return stream;
    }

    private static async Task<Socket> ConnectAsync(int port, string from)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        await socket.ConnectAsync(IPAddress.Loopback, port, Cancelled);
        return socket;
    }

    /// <summary>Tries until both are admitted: a client sees its connection end a moment before the server has counted it out.</summary>
    private static async Task<(Socket First, Socket Second)> ConnectTwoAsync(int port)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var (first, second) = (await ConnectAsync(port, "127.0.0.1"), await ConnectAsync(port, "127.0.0.1"));
            // A refusal takes a moment to arrive, and a place that is not proven lasts longer than that.
            await Wait.Lasting(TimeSpan.FromMilliseconds(50), Cancelled);
            if (IsOpen(first) && IsOpen(second))
                return (first, second);
            first.Dispose();
            second.Dispose();
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Wait.Limit, "waited in vain: two places for strangers");
        }
    }

    private static bool IsOpen(Socket socket) => !socket.Poll(0, SelectMode.SelectRead) || socket.Available > 0;

    private static Task AssertClosed(Socket socket) => Wait.Until(
        () =>
        {
            try
            {
                return socket.Poll(0, SelectMode.SelectRead) && socket.Receive(new byte[64]) == 0;
            }
            catch (SocketException)
            {
                return true;
            }
        },
        "the end of the connection");

    /// <summary>The beginning of a gRPC message of 4 MB that never comes to its end.</summary>
    private sealed class UnfinishedMessage : HttpContent
    {
        private long _sent;

        public UnfinishedMessage() => Headers.ContentType = new MediaTypeHeaderValue("application/grpc");

        public long Sent => Interlocked.Read(ref _sent);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(new byte[] { 0, 0, 0x40, 0, 0 }, Cancelled);
            await stream.FlushAsync(Cancelled);
            for (var left = 4 * 1024 * 1024 - 1024; left > 0; left -= 16 * 1024)
            {
                await stream.WriteAsync(new byte[16 * 1024], Cancelled);
                Interlocked.Add(ref _sent, 16 * 1024);
            }
            await Wait.Forever(Cancelled);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
