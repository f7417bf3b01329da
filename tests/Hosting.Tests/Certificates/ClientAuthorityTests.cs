using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Turnpike.Hosting.Certificates;
using Turnpike.Hosting.Serving;

namespace Turnpike.Tests.Hosting.Certificates;

/// <summary>A port that only clients with a certificate reach, over TLS on loopback.</summary>
public sealed class ClientAuthorityTests : IAsyncLifetime
{
    private const string ForClients = "1.3.6.1.5.5.7.3.2";
    private const string ForServers = "1.3.6.1.5.5.7.3.1";

    private readonly TestCertificates _ours = new();
    private readonly TestCertificates _theirs = new();
    private readonly string _file = Path.GetTempFileName();
    private readonly ServerCertificate _server = new();
    private WebApplication _app = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(_file, _ours.TrustPem, Cancelled);
        _server.Use(_ours.Issue("localhost"));
        var authority = new ClientAuthority(_file, NullLogger<ClientAuthority>.Instance);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var bounds = new ConnectionBounds(new ConnectionLimits("webhooks", 8, 8), TimeProvider.System);
        builder
            .WebHost.UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel =>
                kestrel.Listen(
                    IPAddress.Loopback,
                    0,
                    listen =>
                        bounds.Apply(
                            listen,
                            https =>
                            {
                                _server.Configure(https);
                                authority.Configure(https);
                            })));
        _app = builder.Build();
        _app.Run(context => context.Response.WriteAsync("in"));
        await _app.StartAsync(Cancelled);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        File.Delete(_file);
        _ours.Dispose();
        _theirs.Dispose();
    }

    [Fact]
    public async Task Client_NeedsACertificateOfTheAuthority_ForClients()
    {
        Assert.Equal("in", await GetAsync(_ours.IssueFor(ForClients)));
        await AssertRefused(null);
        await AssertRefused(_theirs.IssueFor(ForClients));
        await AssertRefused(_ours.IssueFor(ForServers));
        await AssertRefused(_ours.IssueFor(ForClients, expired: true));
    }

    [Fact]
    public async Task Authority_IsReadAnew_AndNobodyIsLetInWithoutOne()
    {
        await File.WriteAllTextAsync(_file, _theirs.TrustPem, Cancelled);
        await AssertRefused(_ours.IssueFor(ForClients));
        Assert.Equal("in", await GetAsync(_theirs.IssueFor(ForClients)));
        await File.WriteAllTextAsync(_file, "no certificate", Cancelled);
        await AssertRefused(_theirs.IssueFor(ForClients));
        File.Delete(_file);
        await AssertRefused(_theirs.IssueFor(ForClients));
        await File.WriteAllTextAsync(_file, _ours.TrustPem, Cancelled);
        Assert.Equal("in", await GetAsync(_ours.IssueFor(ForClients)));
    }

    private Task<HttpRequestException> AssertRefused(X509Certificate2? certificate) =>
        Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(certificate));

    private async Task<string> GetAsync(X509Certificate2? certificate)
    {
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(_ours.Trust);
        if (certificate is not null)
            handler.SslOptions.ClientCertificates = [certificate];
        using var client = new HttpClient(handler);
        return await client.GetStringAsync(new Uri($"https://localhost:{new Uri(_app.Urls.First()).Port}/"), Cancelled);
    }
}
