using Turnpike.Api.Ingresses;
using Turnpike.Reading;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Api;

public sealed class ForeignAnnotationTests
{
    private const string Nginx = "nginx.ingress.kubernetes.io/";

    [Theory]
    [InlineData(Nginx + "auth-type", "basic")]
    [InlineData(Nginx + "auth-secret", "users")]
    [InlineData(Nginx + "auth-url", "https://auth.example")]
    [InlineData(Nginx + "auth-tls-secret", "ns/ca")]
    [InlineData(Nginx + "whitelist-source-range", "10.0.0.0/8, 192.168.0.0/16")]
    [InlineData(Nginx + "allowlist-source-range", "10.1.2.3")]
    [InlineData(Nginx + "denylist-source-range", "0.0.0.0/0")]
    [InlineData(Nginx + "limit-rps", "5")]
    [InlineData(Nginx + "limit-connections", "5")]
    [InlineData(Nginx + "global-rate-limit", "100")]
    [InlineData(Nginx + "enable-modsecurity", "true")]
    [InlineData(Nginx + "configuration-snippet", "if ($http_x = \"\") { return 403; }")]
    [InlineData(Nginx + "configuration-snippet", "auth_basic \"x\";")]
    [InlineData(Nginx + "auth-of-the-next-version", "on")]
    [InlineData("nginx.org/basic-auth-secret", "users")]
    [InlineData("nginx.org/policies", "a,b")]
    [InlineData("nginx.com/jwt-key", "keys")]
    [InlineData("appprotect.f5.com/app-protect-enable", "True")]
    [InlineData("appprotectdos.f5.com/app-protect-dos-resource", "x")]
    [InlineData("traefik.ingress.kubernetes.io/router.middlewares", "default-auth@kubernetescrd")]
    [InlineData("traefik.ingress.kubernetes.io/router.tls.options", "default-mtls@kubernetescrd")]
    [InlineData("traefik.ingress.kubernetes.io/router.entrypoints", "internal")]
    [InlineData("traefik.ingress.kubernetes.io/rate-limit", "extractorfunc: client.ip")]
    [InlineData("haproxy.org/allow-list", "10.0.0.0/8")]
    [InlineData("haproxy.org/deny-list", "10.0.0.0/8")]
    [InlineData("haproxy.org/auth-type", "basic-auth")]
    [InlineData("haproxy.org/rate-limit-requests", "10")]
    [InlineData("haproxy.org/client-ca", "ns/ca")]
    [InlineData("haproxy.org/backend-config-snippet", "http-request deny if !{ src 10.0.0.0/8 }")]
    [InlineData("haproxy-ingress.github.io/oauth", "oauth2_proxy")]
    [InlineData("haproxy-ingress.github.io/waf", "modsecurity")]
    [InlineData("haproxy-ingress.github.io/config-backend", "acl x src 10.0.0.0/8")]
    [InlineData("ingress.kubernetes.io/whitelist-source-range", "10.0.0.0/8")]
    [InlineData("mse.ingress.kubernetes.io/auth-type", "basic")]
    [InlineData("haproxy.router.openshift.io/ip_whitelist", "10.0.0.0/8")]
    [InlineData("konghq.com/plugins", "key-auth")]
    [InlineData("konghq.com/headers.x-tenant", "a")]
    [InlineData("k8s.apisix.apache.org/blocklist-source-range", "10.0.0.0/8")]
    [InlineData("zalando.org/skipper-filter", "oauthTokeninfoAllScope(\"uid\")")]
    [InlineData("ingress.pomerium.io/allowed_domains", "[\"example.com\"]")]
    [InlineData("alb.ingress.kubernetes.io/auth-type", "oidc")]
    [InlineData("alb.ingress.kubernetes.io/inbound-cidrs", "10.0.0.0/8")]
    [InlineData("alb.ingress.kubernetes.io/scheme", "internal")]
    [InlineData("alb.ingress.kubernetes.io/wafv2-acl-arn", "arn:aws:wafv2:x")]
    [InlineData("alb.ingress.kubernetes.io/conditions.web", "[{\"field\":\"source-ip\"}]")]
    [InlineData("appgw.ingress.kubernetes.io/use-private-ip", "true")]
    public void WhatGuardsAccess_IsAGuard(string name, string value)
    {
        var finding = Assert.Single(Of((name, value)));
        Assert.True(finding.IsGuard, finding.ToString());
        Assert.StartsWith($"metadata.annotations[{name}]: asks ", finding.ToString(), StringComparison.Ordinal);
        var refusal = Assert.Single(ForeignAnnotations.Refusals([finding]));
        Assert.Equal(FieldErrorKind.Forbidden, refusal.Kind);
        Assert.Contains("foreignGuards: warn", refusal.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Nginx + "rewrite-target", "/")]
    [InlineData(Nginx + "auth-realm", "x")]
    [InlineData(Nginx + "auth-type", "")]
    [InlineData(Nginx + "limit-rps", "0")]
    [InlineData(Nginx + "enable-modsecurity", "false")]
    [InlineData(Nginx + "limit-whitelist", "10.0.0.0/8")]
    [InlineData("haproxy.org/rate-limit-period", "1s")]
    [InlineData(
        Nginx + "configuration-snippet",
        "more_set_headers \"X-Frame-Options: DENY\"; add_header Access-Control-Allow-Origin *; return 301 /x;")]
    [InlineData("traefik.ingress.kubernetes.io/router.entrypoints", "web, internal")]
    [InlineData("alb.ingress.kubernetes.io/scheme", "internet-facing")]
    [InlineData("projectcontour.io/response-timeout", "10s")]
    [InlineData("some.projectcontour.io/x", "y")]
    [InlineData("kubernetes.io/ingress.allow-http", "false")]
    public void WhatGuardsNothing_IsAWarning(string name, string value)
    {
        var finding = Assert.Single(Of((name, value)));
        Assert.False(finding.IsGuard, finding.ToString());
        Assert.Contains("has no effect", finding.Detail, StringComparison.Ordinal);
        Assert.Empty(ForeignAnnotations.Refusals([finding]));
    }

    [Theory]
    [InlineData(Nginx + "whitelist-source-range", "0.0.0.0/0,::/0")]
    [InlineData("alb.ingress.kubernetes.io/inbound-cidrs", "0.0.0.0/0")]
    [InlineData("cert-manager.io/cluster-issuer", "letsencrypt")]
    [InlineData("external-dns.alpha.kubernetes.io/hostname", "a.example")]
    [InlineData("kubernetes.io/ingress.class", "istio")]
    [InlineData("kubectl.kubernetes.io/last-applied-configuration", "{}")]
    [InlineData("auth-url", "x")]
    [InlineData("/auth-url", "x")]
    [InlineData("notnginx.org.example.com/auth-url", "x")]
    [InlineData("turnpike.io/http", "redirect")]
    public void WhatIsNobodysOrLosesNothing_IsPassedOver(string name, string value) => Assert.Empty(Of((name, value)));

    [Theory]
    [InlineData("turnpike.io/htp", "there is no such annotation; did you mean \"turnpike.io/http\"?")]
    [InlineData("turnpike.io/share-hosts-wiht", "there is no such annotation; did you mean \"turnpike.io/share-host-with\"?")]
    [InlineData("turnpike.io/a-word-that-is-nowhere-near-anything-at-all", "there is no such annotation")]
    [InlineData("turnpike.io/load-balancing", "has no effect on an Ingress; it belongs on the Service")]
    [InlineData("turnpike.io/allow-rules-from", "has no effect on an Ingress; it belongs on the Namespace")]
    public void OursThatIsMisspelt_IsToldTheRightOne(string name, string end)
    {
        var finding = Assert.Single(Of((name, "x")));
        Assert.False(finding.IsGuard);
        Assert.EndsWith(end, finding.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Findings_AreBounded_AndGuardsAreNotLostAmongThem()
    {
        var annotations = Enumerable
            .Range(0, 500)
            .SelectMany(i => new[] { ($"{Nginx}a{i}", "x"), ($"{Nginx}auth-z{i}{new string('z', 5000)}", "x") });
        var findings = Of([.. annotations]);
        Assert.Equal(42, findings.Count);
        Assert.Equal(21, ForeignAnnotations.Refusals(findings).Count);
        Assert.Equal("metadata.annotations: 480 more annotations guard access by other controllers' rules", findings[20].ToString());
        Assert.Equal("metadata.annotations: 480 more annotations are for other controllers and have no effect", findings[41].ToString());
        Assert.All(findings, f => Assert.InRange(f.ToString().Length, 1, 256));
    }

    /// <summary>A name stays on one line in the log and in kubectl's output, whatever characters it holds.</summary>
    [Fact]
    public void Names_AreQuotedWhereTheyNeedIt() =>
        Assert.Equal("metadata.annotations[\"nginx.org/a\\nb\"]", Assert.Single(Of(("nginx.org/a\nb", "x"))).Path);

    [Fact]
    public void Page_NamesEveryGuard()
    {
        var page = File.ReadAllText(Path.Combine(GoldenFiles.Root, "..", "..", "docs", "reference", "foreign-annotations.md"));
        Assert.All(Guards.Known, guard => Assert.Contains($"`{guard.Name}`", page, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("a", "a", false, true)]
    [InlineData("a", "b", true, false)]
    [InlineData(null, "b", false, false)]
    [InlineData("a", null, false, false)]
    public void ClassThatIsNamedTwice_IsTheApiServersError(string? annotation, string? field, bool fails, bool warns)
    {
        var meta = new ObjectMeta
        {
            Annotations = annotation is null ? ObjectMeta.EmptyMap : ObjectMeta.EmptyMap.Add("kubernetes.io/ingress.class", annotation),
        };
        var error = IngressClasses.Clash(new IngressObject(meta, field, null, [], []), out var warning);
        Assert.Equal(
            fails
                ? $"annotations.kubernetes.io/ingress.class: Invalid value: \"{annotation}\": can not be set when the class field is also set"
                : null,
            error?.ToString());
        Assert.Equal(warns, warning is not null);
    }

    private static List<ForeignAnnotation> Of(params (string Name, string Value)[] annotations) =>
        [.. ForeignAnnotations.Of(annotations.Select(a => new KeyValuePair<string, string>(a.Name, a.Value)))];
}
