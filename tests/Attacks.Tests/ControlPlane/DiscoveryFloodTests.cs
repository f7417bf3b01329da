using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Attacks.ControlPlane;

/// <summary>Tests what a pod without a token can do to the port that proxies connect to.</summary>
[Collection<WithAttackedCluster>]
public sealed class DiscoveryFloodTests(AttackedCluster cluster)
{
    private const string Fleet = "/turnpike.discovery.v1.Fleet/Proxies";
    private const string Stream = "/turnpike.discovery.v1.Discovery/Stream";

    // The announced length of a gRPC message: almost 4 MB, the limit of the library. The last byte never comes.
    private const int Length = (4 * 1024 * 1024) - 1024;

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, 100, Fleet)]
    [InlineData(300, 4, Fleet)]
    [InlineData(100, 4, Stream)]
    public async Task UnfinishedMessages_WithoutAToken_EndNothing(int connections, int streams, string method)
    {
        await using var attacked = await OperatorUnderAttack.StartAsync(cluster);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        limit.CancelAfter(Duration);
        await Task.WhenAll(Enumerable.Range(0, connections).Select(async _ =>
        {
            using var client = Client();
            await Task.WhenAll(Enumerable.Range(0, streams).Select(async _ =>
            {
                // A call that is refused is made again.
                while (!limit.IsCancellationRequested)
                {
                    using var message = new UnfinishedMessage(limit.Token);
                    await CallAsync(client, method, null, message, limit.Token);
                    await Wait.Lasting(TimeSpan.FromMilliseconds(20), CancellationToken.None);
                }
            }));
        }));
        attacked.Judge($"{connections} connections of {streams} unfinished messages of 4 MB each to {method[(method.LastIndexOf('.') + 1)..]}, without a token");
    }

    [Fact]
    public async Task ForgedTokens_KeepNoProxyOut()
    {
        await using var attacked = await OperatorUnderAttack.StartAsync(cluster);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        var flood = Task.WhenAll(Enumerable.Range(0, 8).Select(async connection =>
        {
            using var client = Client();
            await Task.WhenAll(Enumerable.Range(0, 20).Select(async stream =>
            {
                for (var i = 0; !limit.IsCancellationRequested; i++)
                {
                    using var nothing = new ByteArrayContent([]);
                    await CallAsync(client, Stream, Forged(connection, stream, i), nothing, limit.Token);
                }
            }));
        }));
        // The flood is under way before the proxy comes.
        await Wait.Lasting(TimeSpan.FromSeconds(1), Cancelled);
        var started = TimeProvider.System.GetTimestamp();
        await using (var proxy = await cluster.StartProxyAsync())
        {
            var admin = await proxy.LineAsync("listening admin ");
            using var client = new HttpClient { BaseAddress = new Uri($"http://{admin}") };
            await Wait.For(
                async ct =>
                {
                    using var response = await client.GetAsync(new Uri("/ready", UriKind.Relative), ct);
                    return response.StatusCode;
                },
                status => status == HttpStatusCode.OK,
                "a proxy with a good token to have its table",
                TimeSpan.FromSeconds(20));
        }
        var took = TimeProvider.System.GetElapsedTime(started);
        await limit.CancelAsync();
        await flood;
        attacked.Judge(
            FormattableString.Invariant(
                $"160 streams that come again and again with forged tokens; a proxy had its table after {took.TotalSeconds:0.0} s"));
    }

    /// <summary>A client in a pod of its own, as its address says.</summary>
    private HttpClient Client() => new(OperatorUnderAttack.NewHandler(OperatorUnderAttack.Attacker))
    {
        BaseAddress = new Uri($"https://127.0.0.1:{cluster.DiscoveryPort}"),
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Returns a new token, like those that the kubelet projects except for the signature.</summary>
    private static string Forged(int connection, int stream, int number)
    {
        var expires = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds();
        const string audience = Turnpike.Api.Names.IngressAudience;
        var id = FormattableString.Invariant($"{connection}-{stream}-{number}");
        var claims = FormattableString.Invariant(
            $$"""{"sub":"system:serviceaccount:istio-system:istio-ingress","aud":["{{audience}}"],"exp":{{expires}},"jti":"{{id}}"}""");
        return $"{Base64Url.EncodeToString("""{"alg":"RS256"}"""u8)}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}.{Base64Url.EncodeToString(new byte[256])}";
    }

    /// <summary>One call, however it ends.</summary>
    private static async Task CallAsync(HttpClient client, string method, string? token, HttpContent content, CancellationToken ct)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, method)
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = content,
            };
            request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
            if (token is not null)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            await response.Content.CopyToAsync(System.IO.Stream.Null, ct);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or SocketException)
        {
            // Refused, or the time is over.
        }
    }

    private sealed class UnfinishedMessage(CancellationToken until) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            byte[] head = [0, Length >> 24, Length >> 16 & 0xff, Length >> 8 & 0xff, Length & 0xff];
            await stream.WriteAsync(head, until);
            var part = new byte[64 * 1024];
            for (var left = Length - 1; left > 0; left -= part.Length)
                await stream.WriteAsync(part.AsMemory(0, Math.Min(left, part.Length)), until);
            await stream.FlushAsync(until);
            await Wait.Forever(until);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
