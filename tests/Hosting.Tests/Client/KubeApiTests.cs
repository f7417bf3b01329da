using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Turnpike.Hosting.Client;
using Turnpike.Tests.Support.FakeApiServer;

namespace Turnpike.Tests.Hosting.Client;

public sealed class KubeApiTests
{
    private static readonly ResourceRef ConfigMaps = new("", "v1", "configmaps", "ConfigMap");
    private static readonly ResourceRef Leases = new("coordination.k8s.io", "v1", "leases", "Lease");
    private static readonly NamespacedName Key = new("default", "a");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Trusts_TheServer_WhenItsCertificateIsForItsName()
    {
        using var certificates = new TestCertificates();
        await using var server = await FakeApi.StartAsync(certificates.Issue("127.0.0.1"));
        using var api = new KubeApi(KubeEndpoint.At(server.Url, certificates.Trust));

        Assert.Null(await api.FindAsync(ConfigMaps, Key, Cancelled));
    }

    [Fact]
    public async Task Distrusts_TheServer_WhenItsCertificateIsForAnotherNameOfTheSameAuthority()
    {
        using var certificates = new TestCertificates();
        await using var server = await FakeApi.StartAsync(certificates.Issue("some-pod.default.svc"));
        using var api = new KubeApi(KubeEndpoint.At(server.Url, certificates.Trust));

        var error = await Assert.ThrowsAsync<HttpRequestException>(() => api.GetAsync(ConfigMaps, Key, Cancelled));
        Assert.Contains("RemoteCertificateNameMismatch", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Distrusts_TheServer_WhenItsAuthorityIsUnknown(bool otherAuthority)
    {
        using var certificates = new TestCertificates();
        using var others = new TestCertificates();
        await using var server = await FakeApi.StartAsync(certificates.Issue("127.0.0.1"));
        using var api = new KubeApi(KubeEndpoint.At(server.Url, otherAuthority ? others.Trust : null));

        await Assert.ThrowsAsync<HttpRequestException>(() => api.GetAsync(ConfigMaps, Key, Cancelled));
    }

    [Theory]
    [InlineData("127.0.0.1", "", true)]
    [InlineData("kubernetes", "tls-server-name: kubernetes", true)]
    [InlineData("kubernetes", "", false)]
    [InlineData("127.0.0.1", "tls-server-name: kubernetes", false)]
    [InlineData("elsewhere", "insecure-skip-tls-verify: true", true)]
    public async Task Kubeconfig_SaysWhomToTrust(string certifiedName, string setting, bool trusted)
    {
        using var certificates = new TestCertificates();
        await using var server = await FakeApi.StartAsync(certificates.Issue(certifiedName));
        var authority = setting.StartsWith("insecure", StringComparison.Ordinal)
            ? ""
            : "certificate-authority-data: " + Convert.ToBase64String(Encoding.ASCII.GetBytes(certificates.TrustPem));
        var path = Path.GetTempFileName();
        await File.WriteAllTextAsync(path, $$"""
            apiVersion: v1
            kind: Config
            current-context: here
            clusters:
            - name: c
              cluster:
                server: {{server.Url}}
                {{authority}}
                {{setting}}
            users:
            - name: u
              user: {token: secret}
            contexts:
            - name: here
              context: {cluster: c, user: u, namespace: mine}
            """, Cancelled);
        try
        {
            using var api = new KubeApi(KubeEndpoint.FromKubeconfig(path));
            Assert.Equal("mine", api.Namespace);
            if (trusted)
            {
                Assert.Null(await api.FindAsync(ConfigMaps, Key, Cancelled));
                Assert.Equal("Bearer secret", Assert.Single(server.Requests).Authorization);
            }
            else
            {
                await Assert.ThrowsAsync<HttpRequestException>(() => api.FindAsync(ConfigMaps, Key, Cancelled));
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task Write_ThatComesTooLate_IsAConflict()
    {
        await using var server = await FakeApi.StartAsync();
        using var api = new KubeApi(KubeEndpoint.At(server.Url));
        var body = JsonNode.Parse("""{"metadata":{"name":"a"},"data":{"odd":"1000m","null":null,"number":1.50}}""")!;

        var made = await api.CreateAsync(ConfigMaps, "default", body, WriteOptions.Default, Cancelled);
        Assert.Equal("""{"odd":"1000m","null":null,"number":1.50}""", made.GetProperty("data").GetRawText());

        var twice = await Assert.ThrowsAsync<KubeStatusException>(
            () => api.CreateAsync(ConfigMaps, "default", body, WriteOptions.Default, Cancelled));
        Assert.Equal((409, "AlreadyExists", true), (twice.Code, twice.Reason, twice.IsConflict));

        var copy = JsonObject.Create(made)!;
        copy["data"]!["odd"] = "2";
        await api.ReplaceAsync(ConfigMaps, Key, copy, WriteOptions.Default, Cancelled);
        copy["data"]!["odd"] = "3";
        var late = await Assert.ThrowsAsync<KubeStatusException>(
            () => api.ReplaceAsync(ConfigMaps, Key, copy, WriteOptions.Default, Cancelled));
        Assert.Equal("Conflict", late.Reason);
    }

    [Fact]
    public async Task Patch_SaysWhatItIs()
    {
        await using var server = await FakeApi.StartAsync();
        using var api = new KubeApi(KubeEndpoint.At(server.Url));
        server.Put("v1/configmaps", "default", "a", new() { ["data"] = new JsonObject { ["x"] = "1", ["y"] = "1" } });

        await api.PatchAsync(
            ConfigMaps,
            Key,
            PatchKind.Merge,
            JsonNode.Parse("""{"data":{"x":null}}""")!,
            new() { FieldManager = "me", DryRun = true },
            Cancelled);

        var request = server.Requests[^1];
        Assert.Equal(
            ("PATCH", "application/merge-patch+json", "?fieldManager=me&dryRun=All"), (request.Method, request.ContentType, request.Query));
        Assert.Equal("""{"y":"1"}""", server.Find("v1/configmaps", "default", "a")!["data"]!.ToJsonString());
    }

    [Fact]
    public async Task Delete_SparesANamesake()
    {
        await using var server = await FakeApi.StartAsync();
        using var api = new KubeApi(KubeEndpoint.At(server.Url));
        Assert.False(await api.DeleteAsync(ConfigMaps, Key, null, Cancelled));

        server.Put("v1/configmaps", "default", "a", []);
        await Assert.ThrowsAsync<KubeStatusException>(() => api.DeleteAsync(ConfigMaps, Key, "another", Cancelled));
        Assert.True(await api.DeleteAsync(ConfigMaps, Key, null, Cancelled));
        Assert.Null(server.Find("v1/configmaps", "default", "a"));
    }

    [Fact]
    public async Task Discovery_KnowsWhatIsServed()
    {
        await using var server = await FakeApi.StartAsync();
        using var api = new KubeApi(KubeEndpoint.At(server.Url));
        server.Serve("coordination.k8s.io/v1/leases");
        server.Serve("v1/configmaps");
        server.ServerVersion = "1.27+";

        Assert.True(await api.ServesAsync(Leases, Cancelled));
        Assert.True(await api.ServesAsync(ConfigMaps, Cancelled));
        Assert.False(await api.ServesAsync(Leases with { Version = "v2" }, Cancelled));
        Assert.False(await api.ServesAsync(Leases with { Plural = "others" }, Cancelled));
        Assert.Equal(new(1, 27), await api.GetServerVersionAsync(Cancelled));
    }

    [Fact]
    public async Task Request_TimesOut_WhenTheServerSaysNothing()
    {
        var clock = new FakeTimeProvider();
        await using var server = await FakeApi.StartAsync();
        var asked = new TaskCompletionSource();
        using var release = new ManualResetEventSlim();
        server.Faults = _ =>
        {
            asked.SetResult();
            release.Wait(TimeSpan.FromSeconds(10));
            return null;
        };
        using var api = new KubeApi(KubeEndpoint.At(server.Url), clock);

        var call = api.GetAsync(ConfigMaps, Key, Cancelled);
        await asked.Task.WaitAsync(Cancelled);
        clock.Advance(TimeSpan.FromSeconds(31));

        await Assert.ThrowsAsync<TimeoutException>(() => call);
        release.Set();
    }

    [Theory]
    [InlineData("""{"kind":"Status","code":410,"reason":"Expired","message":"too old"}""", 410, "Expired", "too old", null)]
    [InlineData("""{"kind":"Status","details":{"retryAfterSeconds":7}}""", 500, "Unknown", "", 7)]
    [InlineData("""{"kind":"Status","code":"410"}""", 500, "Unknown", "", null)]
    [InlineData("upstream connect error\n", 500, "Unknown", "upstream connect error", null)]
    [InlineData("[]", 500, "Unknown", "[]", null)]
    [InlineData("", 500, "Unknown", "", null)]
    public void Status_IsReadTolerantly(string body, int code, string reason, string message, int? retryAfter)
    {
        var error = KubeStatusException.From(500, body, null, default);
        Assert.Equal(
            (code, $"{code} {reason}: {message}", retryAfter),
            (error.Code, error.Message, (int?)error.RetryAfter?.TotalSeconds));
    }

    [Theory]
    [InlineData("5", 5)]
    [InlineData("86400", 300)]
    [InlineData("Mon, 01 Jun 2026 00:00:09 GMT", 9)]
    [InlineData("Mon, 01 Jun 2020 00:00:00 GMT", 0)]
    public void RetryAfter_IsSensible(string header, int seconds)
    {
        var now = new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);
        var error = KubeStatusException.From(429, "", System.Net.Http.Headers.RetryConditionHeaderValue.Parse(header), now);
        Assert.Equal(seconds, error.RetryAfter!.Value.TotalSeconds);
    }

    [Theory]
    [InlineData("", "configmaps", "", "api/v1/configmaps/a")]
    [InlineData("", "configmaps", "b", "api/v1/namespaces/b/configmaps/a")]
    [InlineData("g.io", "things", "b/../c", "apis/g.io/v1/namespaces/b%2F..%2Fc/things/a")]
    public void Path_NamesOneObject(string group, string plural, string ns, string path) =>
        Assert.Equal(path, new ResourceRef(group, "v1", plural, "").PathOf(new NamespacedName(ns, "a")));
}
