using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Turnpike.Hosting.Certificates;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Hosting.Certificates;

public sealed class RotatingCertificatesTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task FirstLook_MakesEverything()
    {
        await using var fixture = await CertificateFixture.StartAsync();
        var replica = fixture.NewReplica();
        Assert.Equal((false, "there is no certificate yet"), (replica.IsReady, replica.Certificates.Readiness.Reason));

        await replica.LookAsync();

        Assert.True(replica.IsReady, replica.Certificates.Readiness.Reason);
        Assert.True(replica.IsTrusted);
        Assert.Equal(3, fixture.Bundles.Count);
        Assert.All(fixture.Bundles, bundle => Assert.Equal(replica.Certificates.Bundle, bundle));
        Assert.DoesNotContain("PRIVATE", replica.Certificates.Bundle!, StringComparison.Ordinal);

        var leaf = replica.Server.Current!;
        Assert.True(leaf.MatchesHostname("webhooks.system.svc", false, false));
        Assert.Equal("1.2.840.10045.2.1", leaf.PublicKey.Oid.Value);
        Assert.Equal(fixture.Clock.GetUtcNow().AddDays(7), new DateTimeOffset(leaf.NotAfter));

        var patches = fixture.Api.Requests.Where(request => request.Method == "PATCH").ToList();
        Assert.Equal(2, patches.Count);
        Assert.All(patches, patch => Assert.Equal("?fieldManager=turnpike-ca&force=true", patch.Query));
        var webhook = fixture.Api.All(CertificateFixture.Mutating)[0]["webhooks"]![0]!;
        Assert.Equal(("Fail", "/inject"), ((string?)webhook["failurePolicy"], (string?)webhook["clientConfig"]!["service"]!["path"]));
    }

    [Fact]
    public async Task SecondLook_WritesNothing()
    {
        await using var fixture = await CertificateFixture.StartAsync();
        var replica = fixture.NewReplica();
        await replica.LookAsync();
        var version = fixture.Api.ResourceVersion;
        var wait = await replica.LookAsync();

        Assert.Equal(version, fixture.Api.ResourceVersion);
        Assert.All(fixture.Api.Requests.TakeLast(3), request => Assert.Equal("GET", request.Method));
        Assert.Equal(TimeSpan.FromMinutes(10), wait);
    }

    [Fact]
    public async Task Replicas_Agree_WhenAllStartAtOnce()
    {
        await using var fixture = await CertificateFixture.StartAsync();
        var replicas = Enumerable.Range(0, 5).Select(_ => fixture.NewReplica()).ToList();
        await Task.WhenAll(replicas.Select(replica => Task.Run(replica.LookAsync)));

        Assert.Single(replicas.Select(replica => replica.Serial).Distinct());
        Assert.All(replicas, replica => Assert.True(replica.IsReady && replica.IsTrusted));
    }

    [Fact]
    public async Task Secret_ThatSomebodyPrepared_IsAdopted()
    {
        await using var fixture = await CertificateFixture.StartAsync();
        fixture.Api.Put(CertificateFixture.Secrets, "system", "webhook-certificates", JsonNode.Parse("""
            {"metadata":{"labels":{"app":"turnpike"}},"type":"Opaque","data":{"other":"eA=="}}
            """)!.AsObject());
        var replica = fixture.NewReplica();
        await replica.LookAsync();

        Assert.True(replica.IsReady);
        Assert.Equal("turnpike", (string?)fixture.Secret!["metadata"]!["labels"]!["app"]);
        Assert.Equal("x", fixture.SecretPart("other"));
    }

    [Fact]
    public async Task Leaf_IsRenewed_AtTwoThirdsOfItsLife()
    {
        await using var fixture = await CertificateFixture.StartAsync();
        var replica = fixture.NewReplica();
        await replica.LookAsync();
        var (first, bundle) = (replica.Serial, replica.Certificates.Bundle);

        fixture.Clock.Advance(TimeSpan.FromDays(4.6));
        await replica.LookAsync();
        Assert.Equal(first, replica.Serial);

        fixture.Clock.Advance(TimeSpan.FromDays(0.1));
        await replica.LookAsync();
        Assert.NotEqual(first, replica.Serial);
        Assert.Equal(bundle, replica.Certificates.Bundle);
        Assert.True(replica.IsReady);
    }

    [Fact]
    public async Task Authority_IsReplaced_WithoutAMomentOfDistrust()
    {
        await using var fixture = await CertificateFixture.StartAsync();
        fixture.Options = fixture.Options with { AuthorityLifetime = TimeSpan.FromDays(12), LeafLifetime = TimeSpan.FromDays(3) };
        var diligent = fixture.NewReplica();
        var lazy = fixture.NewReplica();
        await diligent.LookAsync();
        await lazy.LookAsync();
        var authorities = new HashSet<string> { fixture.SecretPart("ca.crt")! };
        var sizes = new List<int>();

        for (var hour = 0; hour < 24 * 22; hour += 8)
        {
            fixture.Clock.Advance(TimeSpan.FromHours(8));
            await diligent.LookAsync();
            Assert.True(diligent.IsTrusted && lazy.IsTrusted, $"not trusted after {hour} h");
            if (hour % 24 == 16)
                await lazy.LookAsync();
            Assert.True(diligent.IsTrusted && lazy.IsTrusted, $"not trusted after {hour} h");
            Assert.True(diligent.IsReady);

            authorities.Add(fixture.SecretPart("ca.crt")!);
            var size = CertificateFixture.Count(fixture.Bundles[0]);
            if (sizes.LastOrDefault() != size)
                sizes.Add(size);
        }

        // 12 days, renewed after 8: the third CA by day 17. One is trusted, then two, until the last leaf of the old one has run out.
        Assert.Equal(3, authorities.Count);
        Assert.Equal([1, 2, 1, 2, 1], sizes);
    }

    [Fact]
    public async Task NextAuthority_SignsOnly_AfterItWasTrustedForAWhile()
    {
        await using var fixture = await CertificateFixture.StartAsync();
        var replica = fixture.NewReplica();
        await replica.LookAsync();
        var first = fixture.SecretPart("ca.crt");

        fixture.Clock.Advance(TimeSpan.FromDays(244));
        Assert.Equal(fixture.Options.Propagation, await replica.LookAsync());
        Assert.NotNull(fixture.SecretPart("next-ca.crt"));
        Assert.All(fixture.Bundles, bundle => Assert.Equal(2, CertificateFixture.Count(bundle)));

        fixture.Clock.Advance(TimeSpan.FromSeconds(30));
        await replica.LookAsync();
        Assert.Equal(first, fixture.SecretPart("ca.crt"));

        // Somebody undoes the announcement: the waiting starts anew.
        fixture.Configure();
        fixture.Api.Faults = request => request.Method == "PATCH" ? new(500) : null;
        await Assert.ThrowsAnyAsync<Exception>(replica.LookAsync);
        fixture.Api.Faults = null;
        await replica.LookAsync();
        fixture.Clock.Advance(TimeSpan.FromSeconds(61));
        await replica.LookAsync();
        Assert.NotEqual(first, fixture.SecretPart("ca.crt"));
        Assert.Equal(first, fixture.SecretPart("old-ca.crt"));
        Assert.True(replica.IsTrusted && replica.IsReady);
    }

    [Fact]
    public async Task NewLeaf_IsNotServed_WhenTheClientsCannotBeTold()
    {
        await using var fixture = await CertificateFixture.StartAsync();
        var replica = fixture.NewReplica();
        await replica.LookAsync();
        var served = replica.Serial;

        fixture.ChangeSecret(data => data.Clear());
        fixture.Api.Faults = request => request.Method == "PATCH" ? new(500) : null;
        await Assert.ThrowsAnyAsync<Exception>(replica.LookAsync);
        Assert.Equal(served, replica.Serial);
        Assert.True(replica.IsTrusted);

        fixture.Api.Faults = null;
        await replica.LookAsync();
        Assert.NotEqual(served, replica.Serial);
        Assert.True(replica.IsTrusted && replica.IsReady);
    }

    [Theory]
    [InlineData("tls.crt", "bm90IGEgY2VydGlmaWNhdGU=")]
    [InlineData("tls.crt", "%%%")]
    [InlineData("tls.key", "ca.key")]
    [InlineData("tls.key", null)]
    public async Task DamagedLeaf_IsReplaced_ByTheSameAuthority(string part, string? value)
    {
        await using var fixture = await CertificateFixture.StartAsync();
        var replica = fixture.NewReplica();
        await replica.LookAsync();
        var authority = fixture.SecretPart("ca.crt");

        fixture.ChangeSecret(data => data[part] = value == "ca.key" ? data["ca.key"]!.DeepClone() : value);
        await replica.LookAsync();

        Assert.Equal(authority, fixture.SecretPart("ca.crt"));
        Assert.True(replica.IsReady && replica.IsTrusted);
    }

    [Fact]
    public async Task LostSecret_IsMadeAnew_AndTheFormerAuthorityTrustedForAWhile()
    {
        await using var fixture = await CertificateFixture.StartAsync();
        var (one, other) = (fixture.NewReplica(), fixture.NewReplica());
        await one.LookAsync();
        await other.LookAsync();
        var authority = fixture.SecretPart("ca.crt");

        fixture.Api.Remove(CertificateFixture.Secrets, "system", "webhook-certificates");
        await one.LookAsync();

        Assert.NotEqual(authority, fixture.SecretPart("ca.crt"));
        Assert.True(one.IsTrusted && other.IsTrusted);
        await other.LookAsync();
        Assert.Equal(one.Serial, other.Serial);
    }

    [Fact]
    public async Task Leaf_IsReplaced_WhenANameIsMissing()
    {
        await using var fixture = await CertificateFixture.StartAsync();
        await fixture.NewReplica().LookAsync();
        fixture.Options = fixture.Options with { DnsNames = [.. fixture.Options.DnsNames, "discovery.system.svc"] };
        var newer = fixture.NewReplica();
        await newer.LookAsync();

        Assert.True(newer.Server.Current!.MatchesHostname("discovery.system.svc", false, false));
        Assert.True(newer.Server.Current.MatchesHostname("webhooks.system.svc", false, false));
    }

    [Fact]
    public async Task Readiness_SaysWhatIsMissing()
    {
        await using var fixture = await CertificateFixture.StartAsync(configured: false);
        var replica = fixture.NewReplica();
        await replica.LookAsync();
        Assert.Equal(
            "ValidatingWebhookConfiguration \"turnpike\" does not exist or has no webhooks", replica.Certificates.Readiness.Reason);

        fixture.Configure();
        await replica.LookAsync();
        Assert.True(replica.IsReady);

        fixture.Clock.Advance(TimeSpan.FromDays(8));
        Assert.Equal("the serving certificate has expired", replica.Certificates.Readiness.Reason);
    }

    [Fact]
    public async Task Service_RepairsDrift_AtOnce()
    {
        await using var fixture = await CertificateFixture.StartAsync(configured: false);
        var replica = fixture.NewReplica();
        await replica.Certificates.StartAsync(Cancelled);
        await Until(() => replica.Server.Current is not null, "a certificate");
        Assert.False(replica.IsReady);

        fixture.Configure();
        await Until(() => replica.IsReady && replica.IsTrusted, "readiness");

        fixture.Configure();
        await Until(() => replica.IsTrusted, "the repair");

        var serial = replica.Serial;
        fixture.Api.Remove(CertificateFixture.Secrets, "system", "webhook-certificates");
        await Until(() => replica.Serial != serial && replica.IsReady && replica.IsTrusted, "a new Secret");

        // A clock that runs a minute at each look: nothing but events may be needed for all this.
        Task Until(Func<bool> condition, string what) => Wait.Until(condition, what, fixture.Clock, TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void Authority_IsACertificateAuthority_AndTheLeafIsNot()
    {
        var now = new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);
        var authority = CertificateIssuer.NewAuthority(
            "a-name-that-is-much-too-long-for-the-common-name-of-a-certificate", now, TimeSpan.FromDays(2));
        var leaf = CertificateIssuer.NewLeaf(authority, ["a.b.svc"], now, TimeSpan.FromDays(7));

        var constraints = authority.Certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single();
        Assert.Equal((true, true, 0), (constraints.CertificateAuthority, constraints.Critical, constraints.PathLengthConstraint));
        Assert.False(leaf.Certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        Assert.Equal(authority.NotAfter, leaf.NotAfter);
        Assert.True(CertificateIssuer.Chains(leaf.Certificate, authority.CertificatePem, now));
        Assert.False(CertificateIssuer.Chains(leaf.Certificate, authority.CertificatePem, now.AddDays(3)));

        var other = CertificateIssuer.NewAuthority("other", now, TimeSpan.FromDays(2));
        Assert.False(CertificateIssuer.Chains(leaf.Certificate, other.CertificatePem, now));
        Assert.True(CertificateIssuer.Chains(leaf.Certificate, other.CertificatePem + "\n" + authority.CertificatePem, now));
        Assert.False(CertificateIssuer.Chains(leaf.Certificate, "", now));
    }
}
