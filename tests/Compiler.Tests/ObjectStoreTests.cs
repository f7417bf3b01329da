using Turnpike.Api;
using Turnpike.Compiler;
using Turnpike.Reading;
using Turnpike.Tests.Support.Compiler;

namespace Turnpike.Tests.Compiler;

public sealed class ObjectStoreTests
{
    private const string Base = """
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: default}
        spec: {ports: [{name: http, port: 80}]}
        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: web, namespace: default, annotations: {kubernetes.io/ingress.class: istio}}
        spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}
        """;

    [Fact]
    public void InvalidVersion_LeavesTheLastGoodOneInForce()
    {
        var store = new ObjectStore();
        store.Put(Base);
        store.Put(Rule("timeout: 3s"));
        var good = store.Compile();
        store.Put(Rule("timeout: 3"));
        var kept = store.Compile();
        Assert.StartsWith(good, kept, StringComparison.Ordinal);
        Assert.Contains("(its last good version stays in force)", kept, StringComparison.Ordinal);

        store.Put(Rule("timeout: 4s"));
        var mended = store.Compile();
        Assert.Contains("timeout 4s", mended, StringComparison.Ordinal);
        Assert.DoesNotContain("diagnostics", mended, StringComparison.Ordinal);
    }

    [Fact]
    public void InvalidFromTheStart_IsLeftOut()
    {
        var store = new ObjectStore();
        store.Put(Base);
        var before = store.Compile();
        store.Put(Rule("timeout: 3"));
        var after = store.Compile();
        Assert.StartsWith(before, after, StringComparison.Ordinal);
        Assert.Contains("spec.http_req_timeout.simple_timeout.timeout", after, StringComparison.Ordinal);
        Assert.DoesNotContain("last good", after, StringComparison.Ordinal);
    }

    [Fact]
    public void Removed_IsOutOfForceEvenIfItWasBroken()
    {
        var store = new ObjectStore();
        store.Put(Base);
        var before = store.Compile();
        store.Put(Rule("timeout: 3s"));
        store.Put(Rule("timeout: 3"));
        Assert.True(store.Remove(new ObjectKey(Kinds.RouteRule, "default", "rule")));
        Assert.Equal(before, store.Compile());
    }

    [Fact]
    public void BrokenSecret_KeepsItsLastGoodCertificate()
    {
        const string ingress = """
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {name: tls, namespace: default, annotations: {kubernetes.io/ingress.class: istio}}
            spec:
              tls: [{hosts: [foo.com], secretName: foo}]
              rules: [{host: foo.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]
            """;
        const string good = """
            apiVersion: v1
            kind: Secret
            metadata: {name: foo, namespace: default}
            type: kubernetes.io/tls
            stringData: {tls.crt: "${CERTIFICATE foo.com}", tls.key: "${KEY foo.com}"}
            """;
        var store = new ObjectStore();
        store.Put(Base);
        store.Put(ingress);
        store.Put(good);
        store.Put(good.Replace("${KEY foo.com}", "${KEY bar.com}", StringComparison.Ordinal));
        var text = store.Compile();
        Assert.Contains("default/foo for foo.com", text, StringComparison.Ordinal);
        Assert.Contains("error: Secret default/foo", text, StringComparison.Ordinal);
    }

    private static string Rule(string timeout) => $"""
        apiVersion: config.istio.io/v1alpha2
        kind: RouteRule
        metadata:
          name: rule
          namespace: default
        spec:
          destination:
            name: web
          http_req_timeout:
            simple_timeout:
              {timeout}
        """;
}
