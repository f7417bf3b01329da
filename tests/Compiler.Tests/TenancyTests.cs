using Turnpike.Api;
using Turnpike.Compiler;
using Turnpike.Compiler.Hosts;
using Turnpike.Reading;
using Turnpike.Routing;
using Turnpike.Tests.Support.Compiler;

namespace Turnpike.Tests.Compiler;

/// <summary>Who can take what from whom, row by row of <c>docs/concepts/tenancy.md</c>: <c>team</c> is the one who has it, <c>other</c> the one who tries.</summary>
public sealed class TenancyTests
{
    private readonly ObjectStore _store = new();

    public TenancyTests()
    {
        foreach (var ns in (string[])["team", "other", "third"])
        {
            _store.Put($$"""
                apiVersion: v1
                kind: Service
                metadata: {name: web, namespace: {{ns}}}
                spec: {ports: [{name: http, port: 80}]}
                ---
                apiVersion: v1
                kind: Secret
                metadata: {name: cert, namespace: {{ns}}}
                type: kubernetes.io/tls
                stringData: {tls.crt: "${CERTIFICATE {{ns}}}", tls.key: "${KEY {{ns}}}"}
                """);
        }
    }

    [Fact]
    public void HostOfAnother_IsLeftOut_AndTheRestOfTheIngressStays()
    {
        Ingress("team", "web", day: 1, "shop.com /");
        Ingress("other", "web", day: 2, "shop.com /login, SHOP.com /logout, mine.com /");
        Assert.Equal("team/web", Http("shop.com", "/login"));
        Assert.Equal("team/web", Http("shop.com", "/logout"));
        Assert.Equal("other/web", Http("mine.com", "/"));
        Assert.Equal(
            [
                "spec.rules[0].host: host shop.com belongs to another namespace, which does not share it with namespace other; the owner can, by the annotation turnpike.io/share-host-with: other on its Ingress or Namespace",
                "spec.rules[1].host: host shop.com belongs to another namespace, which does not share it with namespace other; the owner can, by the annotation turnpike.io/share-host-with: other on its Ingress or Namespace",
            ],
            Told("other", DiagnosticReasons.HostNotPermitted));
    }

    [Fact]
    public void OwnersName_IsForAdministratorsOnly()
    {
        Ingress("team", "web", day: 1, "shop.com /");
        Ingress("other", "web", day: 2, "shop.com /login");
        var diagnostic = Assert.Single(Compile().Diagnostics, d => d.Subject.Namespace == "other");
        Assert.DoesNotContain("team", diagnostic.Message, StringComparison.Ordinal);
        Assert.Contains("namespace team (Ingress team/web)", diagnostic.AdminMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void PortThatTheOwnerDoesNotServe_IsTheOwnersToo()
    {
        Ingress("team", "secure", day: 1, "shop.com /", tls: "hosts: [shop.com], secretName: cert");
        Ingress("team", "clear", day: 1, "clear.com /");
        Ingress("other", "everything", day: 2, "/");
        Ingress("other", "everything-secure", day: 2, "/", tls: "secretName: cert");
        Ingress("other", "late", day: 3, "shop.com /, clear.com /");
        Assert.Null(Http("shop.com", "/"));
        Assert.Equal("team/secure", Https("shop.com", "/"));
        Assert.Equal("team/clear", Http("clear.com", "/"));
        Assert.Null(Https("clear.com", "/"));
        Assert.Equal("other/everything", Http("nobodys.com", "/"));
    }

    [Fact]
    public void DefaultBackendOfAnother_GetsNothingOfAnOwnedHost()
    {
        Ingress("team", "web", day: 1, "shop.com /only", tls: "hosts: [shop.com], secretName: cert");
        _store.Put(Default("other", "any"));
        Assert.Null(Http("shop.com", "/only"));
        Assert.Null(Http("shop.com", "/else"));
        Assert.Equal("other/any", Http("nobodys.com", "/"));
    }

    [Fact]
    public void OwnPathsOfAWiderHost_StayWithTheOwner()
    {
        Ingress("team", "secure", day: 1, "shop.com /", tls: "secretName: cert");
        Ingress("team", "health", day: 1, "/health");
        Ingress("other", "everything", day: 2, "/");
        Assert.Equal("team/health", Http("shop.com", "/health"));
        Assert.Null(Http("shop.com", "/"));
    }

    [Fact]
    public void HostUnderTls_IsRedirectedByItsOwner_AndFallsToNobody()
    {
        Ingress("team", "secure", day: 5, "shop.com /app", tls: "hosts: [shop.com, only.com], secretName: cert");
        Ingress("team", "health", day: 1, "/health");
        Ingress("other", "everything", day: 1, "/");
        _store.Put(Default("team", "any"));
        Assert.Equal("team/secure rule 1 path 1", RedirectedBy("shop.com", "/app"));
        Assert.All(["/", "/health", "/else"], path => Assert.Equal("team/secure tls 1", RedirectedBy("shop.com", path)));
        Assert.Equal("team/secure tls 1", RedirectedBy("only.com", "/"));
        Assert.Null(RedirectedBy("nobodys.com", "/"));
    }

    [Fact]
    public void Guest_RedirectsItsOwnPathsAlone()
    {
        Ingress("team", "web", day: 1, "shop.com /app", annotation: "guest");
        Ingress("guest", "secure", day: 2, "shop.com /guest", tls: "hosts: [shop.com], secretName: cert");
        Assert.Equal("guest/secure rule 1 path 1", RedirectedBy("shop.com", "/guest"));
        Assert.Equal("team/web", Http("shop.com", "/app"));
        Assert.Null(RedirectedBy("shop.com", "/else"));
    }

    [Fact]
    public void Guest_KeepsItsPathOnPort80_OfAHostThatRedirects()
    {
        Ingress("team", "secure", day: 1, "shop.com /app", tls: "hosts: [shop.com], secretName: cert", annotation: "guest");
        Ingress("guest", "solver", day: 2, "shop.com /.well-known/acme-challenge/token, shop.com /app");
        Assert.Equal("guest/solver", Http("shop.com", "/.well-known/acme-challenge/token"));
        Assert.Equal("team/secure rule 1 path 1", RedirectedBy("shop.com", "/app"));
    }

    [Fact]
    public void Stranger_RedirectsNothing_OfAHostOfAnother()
    {
        Ingress("team", "web", day: 1, "shop.com /app");
        Ingress("other", "secure", day: 2, "shop.com /", tls: "hosts: [shop.com], secretName: cert");
        Assert.Equal("team/web", Http("shop.com", "/app"));
        Assert.Null(RedirectedBy("shop.com", "/"));
    }

    [Fact]
    public void Wildcard_RedirectsNoNameOfAnother()
    {
        Ingress("other", "name", day: 1, "b.shop.com /b");
        Ingress("team", "wildcard", day: 2, "*.shop.com /", tls: "hosts: ['*.shop.com'], secretName: cert");
        Assert.Equal("team/wildcard rule 1 path 1", RedirectedBy("a.shop.com", "/"));
        Assert.Equal("other/name", Http("b.shop.com", "/b"));
        Assert.Null(RedirectedBy("b.shop.com", "/else"));
    }

    [Fact]
    public void ParkedIngress_DoesNotWinAHostThatItNamesLater()
    {
        Ingress("team", "web", day: 20, "shop.com /");
        Remember();
        Ingress("other", "parked", day: 1, "shop.com /");
        Assert.Equal("team/web", Http("shop.com", "/"));
    }

    [Fact]
    public void ParkedIngress_DoesNotWinAPathThatItNamesLater()
    {
        Ingress("team", "web", day: 20, "/login");
        Remember();
        Ingress("other", "parked", day: 1, "/login, /free");
        Assert.Equal("team/web", Http("any.com", "/login"));
        Assert.Equal("other/parked", Http("any.com", "/free"));
        Assert.Equal(
            ["spec.rules[0].http.paths[0]: host *, path element /login is taken by an Ingress of another namespace, which had it first"],
            Told("other", DiagnosticReasons.HostPathTaken));
    }

    [Fact]
    public void HostThatIsNamedNoLonger_IsFree()
    {
        Ingress("team", "web", day: 1, "shop.com /");
        Remember();
        Ingress("team", "web", day: 1, "else.com /");
        Ingress("other", "web", day: 2, "shop.com /");
        Assert.Equal("other/web", Http("shop.com", "/"));
    }

    [Fact]
    public void HostOfAnIngressThatIsNotValid_StaysItsOwners()
    {
        _store.Put("""
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {name: broken, namespace: team, creationTimestamp: "2026-01-01T00:00:00Z", annotations: {kubernetes.io/ingress.class: istio}}
            spec:
              tls: [{hosts: [secure.com]}]
              rules: [{host: shop.com, http: {paths: [{path: no-slash, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]
            """);
        Ingress("other", "web", day: 2, "shop.com /, secure.com /, mine.com /");
        Assert.Null(Http("shop.com", "/"));
        Assert.Null(Http("secure.com", "/"));
        Assert.Equal("other/web", Http("mine.com", "/"));
    }

    [Fact]
    public void WithoutARecord_TheOldestIngressDecides()
    {
        Ingress("team", "web", day: 2, "shop.com /");
        Ingress("other", "web", day: 3, "shop.com /");
        Assert.Equal("team/web", Http("shop.com", "/"));
        // Among objects of the same age the first by name wins, so every replica chooses the same.
        Ingress("other", "web", day: 2, "shop.com /");
        Assert.Equal("other/web", Http("shop.com", "/"));
    }

    [Fact]
    public void Record_ComesToTheSameTableEverywhere()
    {
        Ingress("other", "parked", day: 1, "old.com /");
        Ingress("team", "web", day: 20, "shop.com /, /a");
        Remember();
        Ingress("other", "parked", day: 1, "shop.com /, /a, old.com /");
        var first = Compile();
        // What a replica would remember of this state is what it started from.
        Remember();
        Assert.Equal(RouteTableJson.WithVersion(first.Table).Version, RouteTableJson.WithVersion(Compile().Table).Version);
    }

    [Theory]
    [InlineData("other", true)]
    [InlineData("third, other", true)]
    [InlineData("*", true)]
    [InlineData("third", false)]
    [InlineData("", false)]
    public void Consent_OfTheIngress_IsForItsHosts(string annotation, bool shared)
    {
        Ingress("team", "web", day: 1, "shop.com /", annotation: annotation);
        Ingress("team", "private", day: 1, "private.com /");
        Ingress("other", "guest", day: 2, "shop.com /guest, private.com /guest");
        Assert.Equal(shared ? "other/guest" : "team/web", Http("shop.com", "/guest"));
        Assert.Equal("team/private", Http("private.com", "/guest"));
    }

    [Fact]
    public void Consent_OfTheNamespace_IsForAllItsHosts()
    {
        _store.Put("""
            apiVersion: v1
            kind: Namespace
            metadata: {name: team, annotations: {turnpike.io/share-host-with: other}}
            """);
        Ingress("team", "web", day: 1, "shop.com /, more.com /");
        Ingress("other", "guest", day: 2, "shop.com /guest, more.com /guest");
        Ingress("third", "stranger", day: 2, "more.com /stranger");
        Assert.Equal("other/guest", Http("shop.com", "/guest"));
        Assert.Equal("other/guest", Http("more.com", "/guest"));
        Assert.Equal("team/web", Http("more.com", "/stranger"));
    }

    [Fact]
    public void Consent_IsTheOwnersToGive()
    {
        Ingress("team", "web", day: 1, "shop.com /");
        Ingress("other", "web", day: 2, "shop.com /guest", annotation: "other, third");
        Assert.Equal("team/web", Http("shop.com", "/guest"));
    }

    [Fact]
    public void Guest_TakesNoPathOfTheOwner_OnEitherPort()
    {
        Ingress("team", "web", day: 2, "shop.com /login", tls: "hosts: [shop.com], secretName: cert", annotation: "*");
        Ingress("other", "guest", day: 1, "elsewhere.com /");
        Remember();
        Ingress("other", "guest", day: 1, "shop.com /login, shop.com /guest");
        Assert.Equal("team/web", Https("shop.com", "/login"));
        Assert.Null(Http("shop.com", "/login"));
        Assert.Equal("other/guest", Http("shop.com", "/guest"));
    }

    [Fact]
    public void Certificate_IsTheOwners()
    {
        Ingress("team", "web", day: 1, "shop.com /", tls: "hosts: [shop.com], secretName: cert", annotation: "*");
        Ingress("other", "guest", day: 2, "shop.com /guest", tls: "hosts: [shop.com], secretName: cert");
        Ingress("third", "only-tls", day: 2, "third.com /", tls: "hosts: [shop.com], secretName: cert");
        Assert.Equal("team/cert", CertificateOf("shop.com"));
    }

    [Fact]
    public void HostWithoutCertificate_GetsNobodyElses()
    {
        Ingress("team", "web", day: 1, "plain.com /, a.wild.com /");
        Ingress("other", "wild", day: 2, "*.wild.com /", tls: "hosts: ['*.wild.com'], secretName: cert");
        Ingress("third", "fallback", day: 3, "/", tls: "secretName: cert");
        Assert.Null(CertificateOf("plain.com"));
        Assert.Null(CertificateOf("a.wild.com"));
        Assert.Equal("other/cert", CertificateOf("b.wild.com"));
        Assert.Equal("third/cert", CertificateOf("nobodys.com"));
        _store.Put("""
            apiVersion: v1
            kind: Secret
            metadata: {name: istio-ingress-certs, namespace: istio-system}
            type: kubernetes.io/tls
            stringData: {tls.crt: "${CERTIFICATE mesh}", tls.key: "${KEY mesh}"}
            """);
        Assert.Equal("istio-system/istio-ingress-certs", CertificateOf("plain.com"));
        Assert.Equal("istio-system/istio-ingress-certs", CertificateOf("a.wild.com"));
        Assert.Equal("istio-system/istio-ingress-certs", CertificateOf("nobodys.com"));
    }

    [Fact]
    public void FallbackCertificate_StaysWithWhoHadIt()
    {
        Ingress("team", "any", day: 20, "/team", tls: "secretName: cert");
        Remember();
        Ingress("other", "parked", day: 1, "/other", tls: "secretName: cert");
        Assert.Equal("team/cert", CertificateOf("nobodys.com"));
    }

    [Fact]
    public void NameUnderAWildcard_IsTheWildcardsOwners()
    {
        Ingress("team", "wild", day: 1, "*.shop.com /");
        Ingress("other", "web", day: 2, "login.shop.com /, deep.login.shop.com /");
        Assert.Equal("team/wild", Http("login.shop.com", "/"));
        Assert.Equal("other/web", Http("deep.login.shop.com", "/"));
    }

    [Fact]
    public void NameOlderThanTheWildcard_StaysWithItsOwner()
    {
        Ingress("team", "web", day: 1, "a.shop.com /", tls: "hosts: [a.shop.com], secretName: cert");
        Ingress("other", "wild", day: 2, "*.shop.com /");
        Assert.Equal("team/web", Https("a.shop.com", "/"));
        Assert.Null(Http("a.shop.com", "/"));
        Assert.Equal("other/wild", Http("b.shop.com", "/"));
    }

    [Fact]
    public void ConsentUnderAWildcard_CanBeTakenBack()
    {
        Ingress("team", "wild", day: 1, "*.shop.com /", annotation: "other");
        Ingress("other", "web", day: 2, "a.shop.com /");
        Assert.Equal("other/web", Http("a.shop.com", "/"));
        Remember();
        Ingress("team", "wild", day: 1, "*.shop.com /");
        Assert.Equal("team/wild", Http("a.shop.com", "/"));
    }

    [Fact]
    public void AnyHost_IsForEverybody_UnlessTheMeshNamesWhom()
    {
        Ingress("team", "any", day: 2, "/team, *.team.com /");
        Ingress("other", "any", day: 1, "/other, *.other.com /, other.com /");
        Assert.Equal("other/any", Http("nobodys.com", "/other"));
        Assert.Equal("other/any", Http("a.other.com", "/"));
        Mesh("anyHostNamespaces: [team]");
        Assert.Equal("team/any", Http("nobodys.com", "/team"));
        Assert.Equal("team/any", Http("a.team.com", "/"));
        Assert.Null(Http("nobodys.com", "/other"));
        Assert.Null(Http("a.other.com", "/"));
        Assert.Equal("other/any", Http("other.com", "/"));
    }

    [Fact]
    public void SharedHosts_AreNobodys()
    {
        Mesh("hostOwnership: shared");
        Ingress("team", "web", day: 1, "shop.com /");
        Ingress("other", "web", day: 2, "shop.com /login, shop.com /");
        Assert.Equal("other/web", Http("shop.com", "/login"));
        Assert.Equal("team/web", Http("shop.com", "/"));
    }

    [Fact]
    public void IngressOfAnotherClass_OwnsNothing()
    {
        _store.Put("""
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {name: nginx, namespace: other, creationTimestamp: "2026-01-01T00:00:00Z", annotations: {kubernetes.io/ingress.class: nginx}}
            spec: {rules: [{host: shop.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}
            """);
        Ingress("team", "web", day: 2, "shop.com /");
        Assert.Equal("team/web", Http("shop.com", "/"));
    }

    [Fact]
    public void ServiceOfAnother_IsNoBackend()
    {
        _store.Remove(new ObjectKey(Kinds.Service, "other", "web"));
        Ingress("other", "web", day: 1, "mine.com /");
        Assert.Contains("namespace other has no service \"web\"", Assert.Single(Told("other", DiagnosticReasons.BackendNotFound)), StringComparison.Ordinal);
    }

    [Fact]
    public void RecordElsewhereThanInTheSystemNamespace_IsNone()
    {
        Ingress("team", "web", day: 1, "shop.com /");
        _store.Put("""
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: turnpike-hosts.other, namespace: other, labels: {turnpike.io/hosts-of: other}}
            data: {hosts: shop.com}
            """);
        Ingress("other", "web", day: 2, "shop.com /");
        Assert.Equal("team/web", Http("shop.com", "/"));
    }

    [Fact]
    public void Endpoints_ArePods_UnlessTheMeshSaysOtherwise()
    {
        _store.Put("""
            apiVersion: v1
            kind: Endpoints
            metadata: {name: web, namespace: other}
            subsets: [{addresses: [{ip: 169.254.169.254}, {ip: 10.1.0.7}, {ip: 10.1.0.8}, {ip: 203.0.113.5}], ports: [{name: http, port: 80}]}]
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: theirs, namespace: team}
            status: {phase: Running, podIP: 10.1.0.7}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: mine, namespace: other}
            status: {phase: Running, podIP: 10.1.0.8}
            """);
        Ingress("other", "web", day: 1, "mine.com /");
        Assert.Equal(["10.1.0.8"], Addresses());
        Assert.Equal(
            ["endpoints: left out, because they are not of a pod of namespace other: 10.1.0.7, 169.254.169.254, 203.0.113.5; the mesh setting endpointAddresses (pods) says which are used"],
            Told("other", DiagnosticReasons.EndpointNotPermitted));
        Mesh("endpointAddresses: safe");
        Assert.Equal(["10.1.0.7", "10.1.0.8", "203.0.113.5"], Addresses());
        Mesh("endpointAddresses: any");
        Assert.Equal(["10.1.0.7", "10.1.0.8", "169.254.169.254", "203.0.113.5"], Addresses());

        string[] Addresses() => Compile().Table.Clusters.TryGet("other/web:80", out var cluster) ? [.. cluster.Endpoints.Select(e => e.Address)] : [];
    }

    [Theory]
    [InlineData("private", "team")]
    [InlineData("no-such-service", "team")]
    [InlineData("web", "no-such-namespace")]
    public void RuleForAnotherNamespace_LearnsNothingOfIt(string service, string ns)
    {
        _store.Put("""
            apiVersion: v1
            kind: Service
            metadata: {name: private, namespace: team}
            spec: {ports: [{name: http, port: 9999}]}
            """);
        _store.Put($$"""
            apiVersion: config.istio.io/v1alpha2
            kind: RouteRule
            metadata: {name: governs, namespace: other}
            spec:
              destination: {name: "{{service}}", namespace: "{{ns}}" }
            ---
            apiVersion: config.istio.io/v1alpha2
            kind: RouteRule
            metadata: {name: sends, namespace: other}
            spec:
              destination: {name: web}
              route: [{destination: {name: "{{service}}", namespace: "{{ns}}" } }]
            """);
        Ingress("other", "web", day: 1, "mine.com /");
        var refused = $"{service}.{ns}.svc.cluster.local belongs to namespace {ns}, which does not admit rules of namespace other; annotate namespace {ns} with turnpike.io/allow-rules-from: other";
        Assert.Equal(["spec.destination: " + refused, "spec.route[0].destination: " + refused], Told("other", DiagnosticReasons.NotPermitted));
        Assert.Empty(Told("other", DiagnosticReasons.DestinationNotFound));
    }

    [Fact]
    public void RuleThatIsHidden_DoesNotLearnTheNameOfAForeignOne()
    {
        _store.Put("""
            apiVersion: v1
            kind: Namespace
            metadata: {name: team, annotations: {turnpike.io/allow-rules-from: other}}
            ---
            apiVersion: config.istio.io/v1alpha2
            kind: RouteRule
            metadata: {name: winner, namespace: team}
            spec: {destination: {name: web}, precedence: 9}
            ---
            apiVersion: config.istio.io/v1alpha2
            kind: RouteRule
            metadata: {name: hidden, namespace: other}
            spec: {destination: {name: web, namespace: team}}
            """);
        Ingress("team", "web", day: 1, "shop.com /");
        var hidden = Assert.Single(Compile().Diagnostics, d => d.Subject.Name == "hidden");
        Assert.DoesNotContain("winner", hidden.Message, StringComparison.Ordinal);
        Assert.Contains("RouteRule team/winner", hidden.AdminMessage, StringComparison.Ordinal);
    }

    private Compilation Compile() => RouteCompiler.Compile(_store.Snapshot().Snapshot);

    /// <summary>Which Ingress serves a path on port 80; a redirect to HTTPS serves nothing.</summary>
    private string? Http(string host, string path) =>
        Compile().Table.FindListener("http")!.Hosts.Find(host)?.FindPath(path) is { } entry && entry.Routes.All.All(r => r.Redirect is null) ? entry.Origin.Name : null;

    private string? RedirectedBy(string host, string path) =>
        Compile().Table.FindListener("http")!.Hosts.Find(host)?.FindPath(path) is { } entry && entry.Routes.All.Any(r => r.Redirect is not null) ? entry.Origin.ToString() : null;

    private string? Https(string host, string path) => Compile().Table.FindListener("https")!.Hosts.Find(host)?.FindPath(path)?.Origin.Name;

    private string? CertificateOf(string host)
    {
        var names = new ServerNames<Certificate>();
        foreach (var certificate in Compile().Table.Certificates)
            names.Add(certificate.Hosts, certificate);
        return names.Find(host) is { IsNone: false } found ? found.Name : null;
    }

    private IEnumerable<string> Told(string ns, string reason) =>
        Compile().Diagnostics.Where(d => d.Subject.Namespace == ns && d.Reason == reason).Select(d => d.Message);

    /// <summary>Writes down who has what, as the leader does.</summary>
    private void Remember()
    {
        foreach (var record in HostOwners.Of(_store.Snapshot().Snapshot).Claims.Records())
        {
            _store.Put($$"""
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: turnpike-hosts.{{record.Namespace}}, namespace: istio-system, labels: {turnpike.io/hosts-of: "{{record.Namespace}}" } }
                data: {hosts: "{{record.HostLines.Replace("\n", "\\n", StringComparison.Ordinal)}}", paths: "{{record.PathLines.Replace("\n", "\\n", StringComparison.Ordinal)}}" }
                """);
        }
    }

    private void Mesh(string settings) => _store.Put($$"""
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: istio, namespace: istio-system}
        data: {mesh: "{{settings}}"}
        """);

    private static string Default(string ns, string name) => $$"""
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: "{{name}}", namespace: "{{ns}}", annotations: {kubernetes.io/ingress.class: istio} }
        spec: {defaultBackend: {service: {name: web, port: {number: 80} } } }
        """;

    /// <param name="paths">Host, blank, path; or a path for any host.</param>
    /// <param name="tls">Fields of the one entry of <c>tls</c>.</param>
    /// <param name="annotation">Whom the hosts are shared with.</param>
    private void Ingress(string ns, string name, int day, string paths, string? tls = null, string? annotation = null)
    {
        var rules = paths.Split(", ").Select(path => path.Split(' ')).Select(part =>
            $"  - {{{(part.Length == 1 ? "" : $"host: '{part[0]}', ")}http: {{paths: [{{path: {part[^1]}, pathType: Prefix, backend: {{service: {{name: web, port: {{number: 80}}}}}}}}]}}}}\n");
        var shared = annotation is null ? "" : $", turnpike.io/share-host-with: '{annotation}'";
        _store.Put(
            $"apiVersion: networking.k8s.io/v1\nkind: Ingress\n"
            + $"metadata: {{name: {name}, namespace: {ns}, creationTimestamp: \"2026-01-{day:00}T00:00:00Z\", annotations: {{kubernetes.io/ingress.class: istio{shared}}}}}\n"
            + $"spec:\n{(tls is null ? "" : $"  tls: [{{{tls}}}]\n")}  rules:\n{string.Concat(rules)}");
    }
}
