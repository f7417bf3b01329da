using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Attacks.ControlPlane;

/// <summary>Tests what any client in the cluster can send to the webhook port, beside the API server's reviews.</summary>
[Collection<WithAttackedCluster>]
public sealed class WebhookFloodTests(AttackedCluster cluster)
{
    private const string Path = "/validate/v1alpha2routerule";

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public Task LargeBodies_DelayNoReview() =>
        AttackAsync(
            "40 bodies of 3.9 MB at a time",
            40,
            async ct =>
            {
                using var client = new HttpClient(OperatorUnderAttack.NewHandler(OperatorUnderAttack.Attacker))
                {
                    BaseAddress = new Uri($"https://127.0.0.1:{cluster.WebhookPort}"),
                };
                var body = Encoding.ASCII.GetBytes("{\"request\":{\"object\":\"" + new string('x', 3_900_000) + "\"}}");
                while (true)
                {
                    using var content = new ByteArrayContent(body);
                    content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                    using var response = await client.PostAsync(new Uri(Path, UriKind.Relative), content, ct);
                }
            });

    [Fact]
    public Task UnfinishedBodies_DelayNoReview() =>
        AttackAsync(
            "200 bodies of 3.9 MB of which the last byte never comes",
            200,
            async ct =>
            {
                await using var stream = await ConnectAsync(ct);
                await stream.WriteAsync(
                    Encoding.ASCII.GetBytes(
                        $"POST {Path} HTTP/1.1\r\nHost: operator\r\nContent-Type: application/json\r\nContent-Length: 3900000\r\n\r\n"),
                    ct);
                var part = new byte[65_000];
                for (var i = 0; i < 59; i++)
                    await stream.WriteAsync(part, ct);
                await Wait.Forever(ct);
            });

    [Fact]
    public Task SlowSenders_DelayNoReview() =>
        AttackAsync(
            "200 senders of one byte at a time",
            200,
            async ct =>
            {
                await using var stream = await ConnectAsync(ct);
                foreach (
                    var one in Encoding.ASCII.GetBytes(
                        $"POST {Path} HTTP/1.1\r\nHost: operator\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{"))
                {
                    await stream.WriteAsync(new[] { one }, ct);
                    await Wait.Lasting(TimeSpan.FromMilliseconds(50), ct);
                }
                await Wait.Forever(ct);
            });

    [Fact]
    public async Task Garbage_DelaysNoReview_AndFillsNoLog()
    {
        await using var attacked = await OperatorUnderAttack.StartAsync(cluster);
        var before = attacked.Pod.Log.Length;
        var hostile = "{\"request\":{\"uid\":\"u\",\"operation\":\"CREATE\",\"object\":[\"\\u001b[2J" + new string('g', 20_000) + "\"]}}";
        await FloodAsync(16, async ct =>
        {
            using var client = new HttpClient(OperatorUnderAttack.NewHandler(OperatorUnderAttack.Attacker)) { BaseAddress = new Uri($"https://127.0.0.1:{cluster.WebhookPort}") };
            for (var i = 0; ; i++)
            {
                using var content = new StringContent(i % 2 == 0 ? hostile : "{{{{" + new string('\u0001', 20_000), null, "application/json");
                using var response = await client.PostAsync(new Uri(Path, UriKind.Relative), content, ct);
            }
        });
        var written = attacked.Pod.Log[before..];
        attacked.Judge("Garbage for reviews, 16 at a time");
        Assert.DoesNotContain('\u001b', written);
        Assert.DoesNotContain('\u0001', written);
        Assert.All(
            written.Split('\n'),
            line => Assert.True(line.Length < 4000, $"a line of {line.Length} characters: {line[..Math.Min(200, line.Length)]}"));
    }

    private async Task AttackAsync(string attack, int senders, Func<CancellationToken, Task> send)
    {
        await using var attacked = await OperatorUnderAttack.StartAsync(cluster);
        await FloodAsync(senders, send);
        attacked.Judge(attack);
    }

    /// <summary>So many senders at a time, each of which starts anew when it is turned away.</summary>
    private static async Task FloodAsync(int senders, Func<CancellationToken, Task> send)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        limit.CancelAfter(Duration);
        await Task.WhenAll(Enumerable.Range(0, senders).Select(async _ =>
        {
            while (!limit.IsCancellationRequested)
            {
                try
                {
                    await send(limit.Token);
                }
                catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or SocketException)
                {
                    // Turned away, or the time is over.
                    await Wait.Lasting(TimeSpan.FromMilliseconds(10), CancellationToken.None);
                }
            }
        }));
    }

    private async Task<SslStream> ConnectAsync(CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(OperatorUnderAttack.Attacker, 0));
        await socket.ConnectAsync("127.0.0.1", cluster.WebhookPort, ct);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true), leaveInnerStreamOpen: false, (_, _, _, _) => true);
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "operator" }, ct);
        return stream;
    }
}
