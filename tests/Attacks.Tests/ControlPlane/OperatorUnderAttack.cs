using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using Turnpike.Tests.Attacks.Harness;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Attacks.ControlPlane;

/// <summary>
/// The operator, and somebody else's reviews beside what is done to it: a good rule and a bad one must be judged in time.
/// </summary>
internal sealed class OperatorUnderAttack : IAsyncDisposable
{
    /// <summary>An attacker's address. The API server and the proxies come from other addresses, as they do in a cluster.</summary>
    public static readonly IPAddress Attacker = IPAddress.Parse("127.0.0.2");

    private readonly HttpClient _client;

    private OperatorUnderAttack(Pod pod, HttpClient client, SteadyProbe probe)
    {
        Pod = pod;
        _client = client;
        Probe = probe;
    }

    public Pod Pod { get; }

    public SteadyProbe Probe { get; }

    public ProbeFigures Calm { get; private set; } = null!;

    /// <summary>A client that takes the operator's certificate.</summary>
    /// <param name="from">The address that it comes from; null: any.</param>
    public static SocketsHttpHandler NewHandler(IPAddress? from = null) => new()
    {
        UseProxy = false,
        ConnectCallback = async (context, ct) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                if (from is not null)
                    socket.Bind(new IPEndPoint(from, 0));
                await socket.ConnectAsync(context.DnsEndPoint, ct);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
        SslOptions = new() { RemoteCertificateValidationCallback = (_, _, _, _) => true },
    };

    public static async Task<OperatorUnderAttack> StartAsync(AttackedCluster cluster)
    {
        var pod = await cluster.StartOperatorAsync();
        var client = new HttpClient(NewHandler()) { BaseAddress = new Uri($"https://127.0.0.1:{cluster.WebhookPort}") };
        // The API server is one client with few connections; so is this one.
        var number = 0;
        var probe = new SteadyProbe(async ct =>
        {
            var good = Interlocked.Increment(ref number) % 2 == 0;
            using var body = new StringContent(Review(good), new MediaTypeHeaderValue("application/json"));
            using var response = await client.PostAsync(new Uri("/validate/v1alpha2routerule", UriKind.Relative), body, ct);
            var text = await response.Content.ReadAsStringAsync(ct);
            if ((int)response.StatusCode != 200)
                return $"status {(int)response.StatusCode}: {text}";
            using var answer = JsonDocument.Parse(text);
            return answer.RootElement.GetProperty("response").GetProperty("allowed").GetBoolean() == good
                ? null
                : $"judged wrongly: {text}";
        });
        var attacked = new OperatorUnderAttack(pod, client, probe);
        await Wait.For(_ => Task.FromResult(probe.Take()), figures => figures is { Sent: > 0, Failed: 0 }, "reviews to be answered");
        await Wait.Lasting(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        attacked.Calm = probe.Take();
        return attacked;
    }

    public void Judge(string attack)
    {
        var during = Probe.Take();
        Figures.Report(attack, Pod, PodSpec.Operator, Calm, during);
        Figures.Judge(Pod, during);
    }

    public async ValueTask DisposeAsync()
    {
        await Probe.DisposeAsync();
        _client.Dispose();
        await Pod.DisposeAsync();
    }

    private static string Review(bool good) => $$"""
        {
          "apiVersion": "admission.k8s.io/v1",
          "kind": "AdmissionReview",
          "request": {
            "uid": "u",
            "kind": {"group": "config.istio.io", "version": "v1alpha2", "kind": "RouteRule"},
            "resource": {"group": "config.istio.io", "version": "v1alpha2", "resource": "routerules"},
            "name": "probe",
            "namespace": "default",
            "operation": "CREATE",
            "userInfo": {"username": "somebody"},
            "object": {
              "apiVersion": "config.istio.io/v1alpha2",
              "kind": "RouteRule",
              "metadata": {"name": "probe", "namespace": "default"},
              "spec": {"destination": {"name": "web"}, "route": [{"weight": {{(good ? 100 : 60)}}}]}
            }
          }
        }
        """;
}
