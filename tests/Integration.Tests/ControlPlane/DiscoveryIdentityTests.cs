using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Turnpike.Api;
using Turnpike.Hosting.Certificates;
using Turnpike.Hosting.Client;
using Turnpike.Protocol;
using Turnpike.Tests.Support;
using Turnpike.Tests.Support.Kubernetes;
using WriteOptions = Turnpike.Hosting.Client.WriteOptions;

namespace Turnpike.Tests.Integration.ControlPlane;

/// <summary>Tokens as a real API server makes and judges them, at the discovery port of the operator.</summary>
public abstract class DiscoveryIdentity(OperatorFixture cluster)
{
    private const string Pod = "identity-test";
    private static readonly ResourceRef ServiceAccounts = new("", "v1", "serviceaccounts", "ServiceAccount");
    private static readonly ResourceRef Pods = new("", "v1", "pods", "Pod");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Token_OfAPod_IsGoodForThatPodAlone_AndForItsAudience()
    {
        var uid = await CreatePodAsync();
        try
        {
            var token = await TokenAsync(cluster.Profile.IngressService, Names.IngressAudience, uid);
            using var channel = Open();
            Assert.Equal(StatusCode.OK, await HelloAsync(channel, token, Pod));
            Assert.Equal(StatusCode.PermissionDenied, await HelloAsync(channel, token, "another"));
            Assert.Equal(StatusCode.Unauthenticated, await HelloAsync(channel, await TokenAsync(cluster.Profile.IngressService, Names.SidecarAudience, uid), Pod));
            Assert.Equal(StatusCode.Unauthenticated, await HelloAsync(channel, await TokenAsync(cluster.Profile.IngressService, null, uid), Pod));
            Assert.Equal(StatusCode.PermissionDenied, await HelloAsync(channel, await TokenAsync(Names.OperatorDeployment, Names.IngressAudience, null), Pod));
            Assert.Equal(StatusCode.Unauthenticated, await HelloAsync(channel, token[..^8] + "AAAAAAAA", Pod));

            Assert.Equal(StatusCode.OK, await FleetAsync(channel, await TokenAsync(Names.OperatorDeployment, Names.OperatorAudience, null)));
            Assert.Equal(StatusCode.Unauthenticated, await FleetAsync(channel, token));
        }
        finally
        {
            await cluster.Api.DeleteAsync(Pods, new NamespacedName(cluster.Profile.SystemNamespace, Pod), uid, Cancelled);
        }
    }

    private async Task<string> CreatePodAsync()
    {
        var pod = KubeObjects.Parse($$"""
            {"metadata":{"name":"{{Pod}}","annotations":{"{{cluster.Profile.InjectAnnotation}}":"false"} },
             "spec":{"serviceAccountName":"{{cluster.Profile.IngressService}}","automountServiceAccountToken":false,
                     "securityContext":{"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"} },
                     "containers":[{"name":"app","image":"none","securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]} } }]} }
            """);
        await Wait.For(ct => cluster.Api.FindAsync(ServiceAccounts, new NamespacedName(cluster.Profile.SystemNamespace, cluster.Profile.IngressService), ct), found => found is not null, "the account of the ingress");
        return (await cluster.Api.CreateAsync(Pods, cluster.Profile.SystemNamespace, pod, WriteOptions.Default, Cancelled)).Uid();
    }

    private async Task<string> TokenAsync(string account, string? audience, string? podUid)
    {
        var audiences = audience is null ? "" : $"\"audiences\":[\"{audience}\"],";
        var bound = podUid is null ? "" : $$""","boundObjectRef":{"apiVersion":"v1","kind":"Pod","name":"{{Pod}}","uid":"{{podUid}}"}""";
        var request = $$"""{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{ {{audiences}}"expirationSeconds":3600{{bound}} } }""";
        using var content = new StringContent(request, null, "application/json");
        var made = await cluster.Api.RequestAsync(HttpMethod.Post, ServiceAccounts.PathOf(new NamespacedName(cluster.Profile.SystemNamespace, account), "token"), content, Cancelled);
        return made.TextAt("status.token")!;
    }

    private GrpcChannel Open()
    {
        var handler = new SocketsHttpHandler();
        handler.ConnectCallback = async (_, ct) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, cluster.Options.DiscoveryPort, ct);
            return new NetworkStream(socket, ownsSocket: true);
        };
        handler.SslOptions.CertificateChainPolicy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.ImportFromPem(cluster.Running.Services.GetRequiredService<RotatingCertificates>().Bundle);
        return GrpcChannel.ForAddress($"https://{Names.OperatorDeployment}.{cluster.Profile.SystemNamespace}.svc", new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }

    private async Task<StatusCode> HelloAsync(GrpcChannel channel, string token, string pod)
    {
        using var stream = new Protocol.Discovery.DiscoveryClient(channel).Stream(new Metadata { { "authorization", $"Bearer {token}" } }, cancellationToken: Cancelled);
        try
        {
            var hello = new Hello { Pod = pod, Namespace = cluster.Profile.SystemNamespace, Role = Role.Ingress, Format = Routing.TableFormat.Current };
            await stream.RequestStream.WriteAsync(new ProxyMessage { Hello = hello }, Cancelled);
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException)
        {
            // Refused before it was written; why is told below.
        }
        return await StatusAsync(() => stream.ResponseStream.MoveNext(Cancelled));
    }

    private static async Task<StatusCode> FleetAsync(GrpcChannel channel, string token)
    {
        using var call = new Fleet.FleetClient(channel).Proxies(new ProxiesRequest(), new Metadata { { "authorization", $"Bearer {token}" } }, cancellationToken: Cancelled);
        return await StatusAsync(() => call.ResponseStream.MoveNext(Cancelled));
    }

    private static async Task<StatusCode> StatusAsync(Func<Task<bool>> next)
    {
        try
        {
            Assert.True(await next());
            return StatusCode.OK;
        }
        catch (RpcException e)
        {
            return e.StatusCode;
        }
    }
}

[Collection<WithOperator>]
public sealed class DiscoveryIdentityTests(OperatorFixture cluster) : DiscoveryIdentity(cluster);

[Collection<WithStandaloneOperator>]
public sealed class StandaloneDiscoveryIdentityTests(StandaloneFixture cluster) : DiscoveryIdentity(cluster);
