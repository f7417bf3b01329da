using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Compiler;
using Turnpike.Reading;
using Turnpike.Tests.Support.Compiler;

namespace Turnpike.Tests.Compiler;

/// <summary>The Secrets by which backends are verified, as they come, change and go.</summary>
public sealed class BackendAuthorityTests
{
    private const string Missing = "nothing is sent, its certificate authority is missing";

    private const string Base = """
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: default}
        spec: {ports: [{name: https, port: 443}]}
        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: web, namespace: default, annotations: {kubernetes.io/ingress.class: istio, turnpike.io/backend-ca: authority}}
        spec: {rules: [{host: a, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 443}}}}]}}]}
        """;

    private static readonly ObjectKey SecretKey = new(Kinds.Secret, "default", "authority");

    [Fact]
    public void Appearing_Changing_AndGoing()
    {
        var store = new ObjectStore();
        store.Put(Base);
        Assert.Contains(Missing, store.Compile(), StringComparison.Ordinal);

        store.Put(Secret("one"));
        Assert.DoesNotContain("diagnostics", store.Compile(), StringComparison.Ordinal);
        var first = PemOf(store);
        store.Put(Secret("two"));
        Assert.NotEqual(first, PemOf(store));

        store.Remove(SecretKey);
        Assert.Equal("", PemOf(store));
        Assert.Contains(Missing, store.Compile(), StringComparison.Ordinal);
    }

    [Fact]
    public void BrokenVersion_LeavesTheLastGoodOneInForce_AndSaysSo()
    {
        var store = new ObjectStore();
        store.Put(Base);
        store.Put(Secret("one"));
        var good = PemOf(store);

        store.Put("{apiVersion: v1, kind: Secret, metadata: {name: authority, namespace: default}, stringData: {ca.crt: nothing}}");
        store.Put("{apiVersion: v1, kind: Secret, metadata: {name: authority, namespace: default}, stringData: {}}");

        Assert.Equal(good, PemOf(store));
        Assert.Contains(
            "warning: Ingress default/web: Invalid: metadata.annotations[turnpike.io/backend-ca]: Secret \"authority\" has no usable "
                + "certificate any more (data[ca.crt]: required: the certificates of the authority in PEM form), its last good version stays in force\n",
            store.Compile(),
            StringComparison.Ordinal);
    }

    /// <summary>A pair whose <c>ca.crt</c> is empty, as issuers write it, is none the worse for that.</summary>
    [Fact]
    public void FaultOfTheAuthority_IsNoFaultOfTheCertificate()
    {
        var store = new ObjectStore();
        store.Put("""
            apiVersion: v1
            kind: Secret
            metadata: {name: authority, namespace: default}
            type: kubernetes.io/tls
            stringData: {tls.crt: "${CERTIFICATE pair}", tls.key: "${KEY pair}", ca.crt: ""}
            """);
        var (snapshot, diagnostics) = store.Snapshot();
        Assert.Single(snapshot.TlsSecrets);
        Assert.Empty(diagnostics);
    }

    /// <summary>
    /// In a cluster such a Secret is watched for its own sake, and may be one of the certificates too: each comes and goes by itself.
    /// </summary>
    [Fact]
    public void WatchedForItself_HoldsWhateverBecomesOfTheOther()
    {
        var store = new ObjectStore();
        store.Put(Base);
        store.Put(Secret("one"));
        var watched = new ObjectKey(Kinds.AuthoritySecret, "default", "authority");
        store.Put(watched, ReadObject.FromAuthority(Json(Secret("two"))));
        var two = PemOf(store);
        store.Remove(SecretKey);
        Assert.Equal(two, PemOf(store));
        Assert.NotEqual("", two);
        store.Remove(watched);
        Assert.Equal("", PemOf(store));
    }

    /// <summary>A Secret that was not looked for yet is not called missing, and nothing is sent meanwhile.</summary>
    [Fact]
    public void NotLookedFor_IsNotMissing()
    {
        var store = new ObjectStore();
        store.Put(Base);
        var (snapshot, _) = store.Snapshot();
        var compilation = RouteCompiler.Compile(snapshot with { AuthoritiesLookedFor = [] });
        Assert.Equal(DiagnosticReasons.SecretNotRead, Assert.Single(compilation.Diagnostics).Reason);
        Assert.True(Assert.Single(compilation.Table.Clusters.All).LacksAuthority);
        Assert.Equal(
            DiagnosticReasons.SecretNotFound,
            Assert.Single(RouteCompiler.Compile(snapshot with { AuthoritiesLookedFor = ["default/authority"] }).Diagnostics).Reason);
    }

    [Fact]
    public void TooManyOfOneNamespace_AreToldAndHurtNobodyElse()
    {
        var store = new ObjectStore();
        store.Put(Base);
        store.Put(Secret("one"));
        var many = new StringBuilder(
            "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: team}, spec: {ports: [{name: https, port: 443}]}}\n");
        for (var i = 0; i <= BackendAuthorities.MaxPerNamespace; i++)
        {
            many.Append(CultureInfo.InvariantCulture, $$"""
                ---
                apiVersion: v1
                kind: Secret
                metadata: {name: s{{i:00}}, namespace: team}
                stringData: {ca.crt: "${CERTIFICATE one}"}
                ---
                apiVersion: networking.k8s.io/v1
                kind: Ingress
                metadata: {name: i{{i:00}}, namespace: team, annotations: {kubernetes.io/ingress.class: istio, turnpike.io/backend-ca: s{{i:00}} } }
                spec: {rules: [{host: h{{i:00}}, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 443} } } }] } }] }

                """);
        }
        store.Put(many.ToString());
        var (snapshot, _) = store.Snapshot();

        var compilation = RouteCompiler.Compile(snapshot);

        Assert.Equal(
            "error: Ingress team/i32: LimitExceeded: metadata.annotations[turnpike.io/backend-ca]: the Ingresses of namespace team "
                + "name more than 32 different Secrets here, and \"s32\" is beyond them; nothing is sent to what it cannot verify, those requests get 503",
            Assert.Single(compilation.Diagnostics).ToString());
        Assert.Equal(["team/web:443[ca team/s32]"], compilation.Table.Clusters.All.Where(c => c.LacksAuthority).Select(c => c.Name));
        Assert.Equal(BackendAuthorities.MaxPerNamespace + 1, BackendAuthorities.Named(snapshot).Count);
    }

    private static string Secret(string authority) => $$"""
        apiVersion: v1
        kind: Secret
        metadata: {name: authority, namespace: default}
        stringData: {ca.crt: "${CERTIFICATE {{authority}} }"}
        """;

    private static JsonObject Json(string yaml)
    {
        JsonObject? found = null;
        new ObjectStore().Put(yaml, raw => (found = raw) is null);
        return found!;
    }

    private static string? PemOf(ObjectStore store) =>
        Assert.Single(RouteCompiler.Compile(store.Snapshot().Snapshot).Table.Clusters.All).Tls!.AuthorityPem;
}
