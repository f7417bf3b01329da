using Turnpike.Api;
using Turnpike.Compiler;
using Turnpike.Tests.Support.Compiler;

namespace Turnpike.Tests.Compiler;

/// <summary>Path entries say which field of which object they come from.</summary>
public sealed class OriginTests
{
    private const string Objects = """
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: default}
        spec: {ports: [{port: 80}]}
        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: shop, namespace: default, annotations: {kubernetes.io/ingress.class: istio}}
        spec:
          defaultBackend: {service: {name: gone, port: {number: 80}}}
          tls: [{hosts: [other.com]}, {hosts: [shop.com]}]
          rules:
          - host: plain.com
            http:
              paths:
              - {path: /a, pathType: Exact, backend: {service: {name: web, port: {number: 80}}}}
              - {path: /b, pathType: Exact, backend: {service: {name: web, port: {number: 80}}}}
        """;

    [Theory]
    [InlineData("plain.com", "/b", "spec.rules[0].http.paths[1]", "default/web", "default/shop rule 1 path 2")]
    [InlineData("plain.com", "/other", "spec.defaultBackend", "default/gone", "default/shop default backend")]
    [InlineData("shop.com", "/", "spec.tls[1]", null, "default/shop tls 2")]
    public void Origin_IsTheFieldOfTheObject(string host, string path, string field, string? service, string text)
    {
        var store = new ObjectStore();
        store.Put(Objects);

        var origin = RouteCompiler.Compile(store.Snapshot().Snapshot).Table.FindListener("http")!.Hosts.Find(host)!.FindPath(path)!.Origin;

        Assert.Equal((Kinds.Ingress, "default/shop", field, service, text), (origin.Kind, origin.Name, origin.Field, origin.Service, origin.ToString()));
    }

    [Theory]
    [InlineData("spec.rules[0].http.paths[1]", 1, 2, 0)]
    [InlineData("spec.tls[2]", 0, 0, 3)]
    [InlineData("spec.defaultBackend", 0, 0, 0)]
    [InlineData("spec.rules[0].http.paths[9999999]", 0, 0, 0)]
    [InlineData("spec.rules[0].matches[1]", 0, 0, 0)]
    [InlineData("", 0, 0, 0)]
    [InlineData(null, 0, 0, 0)]
    public void NumbersOfAField_CountFromOne(string? field, int rule, int path, int tls) =>
        Assert.Equal((rule, path, tls), IngressPaths.NumbersOf(field));
}
