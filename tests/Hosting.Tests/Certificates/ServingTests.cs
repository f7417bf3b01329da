using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Turnpike.Hosting.Certificates;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Hosting.Certificates;

public sealed class ServingTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.Parse("2026-06-01T00:00:00Z", CultureInfo.InvariantCulture);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Certificate_IsExchanged_WhileServing()
    {
        using var certificates = new TestCertificates();
        using var first = certificates.Issue("one");
        using var second = certificates.Issue("two");
        var server = new ServerCertificate();
        await using var app = Listen(server);
        await app.StartAsync(Cancelled);
        var port = new Uri(app.Urls.First()).Port;

        await Assert.ThrowsAnyAsync<IOException>(() => ConnectAsync(port, "one", certificates.Trust));
        server.Use(first);
        await using var early = await ConnectAsync(port, "one", certificates.Trust);
        server.Use(second);
        await using var late = await ConnectAsync(port, "two", certificates.Trust);

        Assert.StartsWith("HTTP/1.1 200", await AskAsync(early), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(late), StringComparison.Ordinal);
    }

    [Fact]
    public async Task MountedCertificate_IsFollowed_AndHalfAnExchangeIgnored()
    {
        await using var fixture = await CertificateFixture.StartAsync();
        var replica = fixture.NewReplica();
        var authority = CertificateIssuer.NewAuthority("external", Now, TimeSpan.FromDays(30));
        var (first, second) = (Leaf(), Leaf());
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var options = new MountedCertificateOptions(Path.Combine(folder.FullName, "tls.crt"), Path.Combine(folder.FullName, "tls.key"));
            var server = new ServerCertificate();
            using var mounted = new MountedCertificates(
                options, replica.Targets, server, NullLogger<MountedCertificates>.Instance, fixture.Clock);

            await mounted.ReconcileAsync(Cancelled);
            Assert.Null(server.Current);

            await WriteAsync(first.CertificatePem, first.KeyPem);
            await mounted.ReconcileAsync(Cancelled);
            Assert.Equal(first.Certificate.Thumbprint, server.Current!.Thumbprint);
            Assert.Equal(
                "ValidatingWebhookConfiguration \"turnpike\" does not trust the serving certificate", mounted.Readiness.Reason);

            await replica.Targets[0].EnsureAsync(authority.CertificatePem, Cancelled);
            await replica.Targets[1].EnsureAsync(authority.CertificatePem, Cancelled);
            await mounted.ReconcileAsync(Cancelled);
            Assert.True(mounted.Readiness.IsReady, mounted.Readiness.Reason);

            await WriteAsync(second.CertificatePem, first.KeyPem);
            await mounted.ReconcileAsync(Cancelled);
            Assert.Equal(first.Certificate.Thumbprint, server.Current.Thumbprint);

            await WriteAsync(second.CertificatePem, second.KeyPem);
            await mounted.ReconcileAsync(Cancelled);
            Assert.Equal(second.Certificate.Thumbprint, server.Current.Thumbprint);

            async Task WriteAsync(string certificate, string key)
            {
                await File.WriteAllTextAsync(options.CertificatePath, certificate, Cancelled);
                await File.WriteAllTextAsync(options.KeyPath, key, Cancelled);
            }
        }
        finally
        {
            folder.Delete(true);
        }

        CertificatePair Leaf() => CertificateIssuer.NewLeaf(authority, ["webhooks.system.svc"], Now, TimeSpan.FromDays(7));
    }

    [Fact]
    public async Task MountedCertificates_AreLookedAt_AgainAndAgain()
    {
        var clock = new FakeTimeProvider(Now);
        var authority = CertificateIssuer.NewAuthority("external", Now, TimeSpan.FromDays(30));
        var leaf = CertificateIssuer.NewLeaf(authority, ["a"], Now, TimeSpan.FromDays(7));
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var options = new MountedCertificateOptions(Path.Combine(folder.FullName, "tls.crt"), Path.Combine(folder.FullName, "tls.key"));
            var server = new ServerCertificate();
            using var mounted = new MountedCertificates(options, [], server, NullLogger<MountedCertificates>.Instance, clock);
            await mounted.StartAsync(Cancelled);
            await File.WriteAllTextAsync(options.KeyPath, leaf.KeyPem, Cancelled);
            await File.WriteAllTextAsync(options.CertificatePath, leaf.CertificatePem, Cancelled);

            await Wait.Until(() => mounted.Readiness.IsReady, "the certificate", clock, TimeSpan.FromSeconds(1));
            await mounted.StopAsync(Cancelled);
        }
        finally
        {
            folder.Delete(true);
        }
    }

    private static WebApplication Listen(ServerCertificate server)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.UseHttps(server.Configure)));
        var app = builder.Build();
        app.Run(context => context.Response.WriteAsync("hello"));
        return app;
    }

    private static async Task<SslStream> ConnectAsync(int port, string name, X509Certificate2Collection trust)
    {
        var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port, Cancelled);
        var stream = new SslStream(client.GetStream());
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(trust);
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = name, CertificateChainPolicy = policy }, Cancelled);
        return stream;
    }

    private static async Task<string> AskAsync(SslStream stream)
    {
        await stream.WriteAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8.ToArray(), Cancelled);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(Cancelled);
    }
}
