using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace Turnpike.Tests.EndToEnd.Support;

/// <summary>The API server without kubectl in between, for what is measured.</summary>
internal sealed class ApiServer : IDisposable
{
    private readonly HttpClient _client;

    private ApiServer(HttpClient client) => _client = client;

    /// <summary>Connects with the address and credentials of the current context.</summary>
    public static async Task<ApiServer> ConnectAsync(Shell shell)
    {
        using var config = JsonDocument.Parse(await shell.RunAsync("kubectl config view --raw --minify --flatten -o json"));
        var cluster = config.RootElement.GetProperty("clusters")[0].GetProperty("cluster");
        var user = config.RootElement.GetProperty("users")[0].GetProperty("user");
        var handler = new SocketsHttpHandler { UseProxy = false, SslOptions = new SslClientAuthenticationOptions() };
        if (Bytes(cluster, "certificate-authority-data") is { } authority)
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            policy.CustomTrustStore.ImportFromPem(Encoding.ASCII.GetString(authority));
            handler.SslOptions.CertificateChainPolicy = policy;
        }
        if (Bytes(user, "client-certificate-data") is { } certificate && Bytes(user, "client-key-data") is { } key)
        {
            handler.SslOptions.ClientCertificates =
            [
                X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(certificate), Encoding.ASCII.GetString(key)),
            ];
        }

        var client = new HttpClient(handler)
        {
            BaseAddress = new Uri(cluster.GetProperty("server").GetString()!),
            Timeout = TimeSpan.FromSeconds(20),
        };
        if (user.TryGetProperty("token", out var token))
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.GetString());
        return new ApiServer(client);
    }

    /// <summary>Sends one object, which must be taken; how long that took.</summary>
    public async Task<TimeSpan> SendAsync(HttpMethod method, string path, string body, string type = "application/json")
    {
        var cancelled = TestContext.Current.CancellationToken;
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent(body, new MediaTypeHeaderValue(type)) };
        var started = Stopwatch.GetTimestamp();
        using var response = await _client.SendAsync(request, cancelled);
        var answer = await response.Content.ReadAsStringAsync(cancelled);
        var took = Stopwatch.GetElapsedTime(started);
        if (!response.IsSuccessStatusCode)
            Assert.Fail($"{method} {path}: {(int)response.StatusCode} {answer}");
        return took;
    }

    public async Task<string> GetAsync(string path) => await _client.GetStringAsync(path, TestContext.Current.CancellationToken);

    public void Dispose() => _client.Dispose();

    private static byte[]? Bytes(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.GetString() is { Length: > 0 } text ? Convert.FromBase64String(text) : null;
}
