using System.Diagnostics;
using System.Net.Security;

namespace Turnpike.Tests.EndToEnd.Support;

/// <summary>A response of the ingress.</summary>
internal sealed record EdgeAnswer(int Status, string Body, string? Location, TimeSpan Elapsed)
{
    public override string ToString() => $"status {Status}, body \"{(Body.Length > 200 ? Body[..200] + "…" : Body)}\"";
}

/// <summary>The ingress as clients outside the cluster reach it.</summary>
/// <param name="http">Host and port of its port 80.</param>
/// <param name="https">Host and port of its port 443.</param>
internal sealed class Edge(string http, string https) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly HttpClient _client = new(NewHandler()) { Timeout = Patience };

    public string Http => http;

    public string Https => https;

    public Task<EdgeAnswer> GetAsync(string path, string? host = null) => SendAsync(_client, $"http://{http}{path}", host);

    public Task<EdgeAnswer> GetSecureAsync(string path, string? host = null) => SendAsync(_client, $"https://{https}{path}", host);

    /// <summary>Over a connection that is made for this request alone.</summary>
    public async Task<EdgeAnswer> GetOnNewConnectionAsync(string path, string? host = null)
    {
        using var trace = new ConnectionTrace();
        var handler = NewHandler();
        handler.ConnectCallback = trace.ConnectAsync;
        using var client = new HttpClient(handler) { Timeout = Patience };
        try
        {
            return await SendAsync(client, $"http://{http}{path}", host);
        }
        catch (TaskCanceledException e) when (e.InnerException is TimeoutException)
        {
            throw new HttpRequestException($"nothing within {Patience.TotalSeconds} s: {trace}", e);
        }
    }

    public void Dispose() => _client.Dispose();

    private static async Task<EdgeAnswer> SendAsync(HttpClient client, string url, string? host)
    {
        var cancelled = TestContext.Current.CancellationToken;
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Host = host;
        var started = Stopwatch.GetTimestamp();
        using var response = await client.SendAsync(request, cancelled);
        var body = await response.Content.ReadAsStringAsync(cancelled);
        return new EdgeAnswer((int)response.StatusCode, body, response.Headers.Location?.OriginalString, Stopwatch.GetElapsedTime(started));
    }

    private static SocketsHttpHandler NewHandler() => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        // curl's -k: the walkthrough's certificate is signed by itself.
#pragma warning disable CA5359
        SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true },
#pragma warning restore CA5359
    };
}
