using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Api.Core;
using Turnpike.Api.Ingresses;
using Turnpike.Api.Mesh;
using Turnpike.Reading;

namespace Turnpike.Tests.Api;

public sealed class IngressTests
{
    [Fact]
    public void Reads_AllVersions_IntoOneShape()
    {
        var v1 = Read("""
            {
              "apiVersion": "networking.k8s.io/v1",
              "metadata": {"name": "i"},
              "spec": {
                "ingressClassName": "istio",
                "defaultBackend": {"service": {"name": "a", "port": {"name": "http"}}},
                "tls": [{"hosts": ["x.example.com"], "secretName": "s"}],
                "rules": [{"host": "x.example.com", "http": {"paths": [
                  {"path": "/b", "pathType": "ImplementationSpecific", "backend": {"service": {"name": "b", "port": {"number": 80}}}}]}}]
              }
            }
            """);
        foreach (var version in new[] { "networking.k8s.io/v1beta1", "extensions/v1beta1" })
        {
            var old = Read($$$$"""
                {
                  "apiVersion": "{{{{version}}}}",
                  "metadata": {"name": "i"},
                  "spec": {
                    "ingressClassName": "istio",
                    "backend": {"serviceName": "a", "servicePort": "http"},
                    "tls": [{"hosts": ["x.example.com"], "secretName": "s"}],
                    "rules": [{"host": "x.example.com", "http": {"paths": [{"path": "/b", "backend": {"serviceName": "b", "servicePort": 80}}]}}]
                  }
                }
                """);
            Assert.Equal(v1.ClassName, old.ClassName);
            Assert.Equal(v1.DefaultBackend, old.DefaultBackend);
            Assert.Equal(v1.Tls[0].Hosts, old.Tls[0].Hosts);
            Assert.Equal(v1.Tls[0].SecretName, old.Tls[0].SecretName);
            Assert.Equal(v1.Rules[0].Host, old.Rules[0].Host);
            Assert.Equal(v1.Rules[0].Paths, old.Rules[0].Paths);
        }
        Assert.Equal(new IngressBackend("a", 0, "http"), v1.DefaultBackend);
        Assert.Equal(new IngressPath("/b", IngressPathType.ImplementationSpecific, new IngressBackend("b", 80, "")), v1.Rules[0].Paths[0]);
    }

    [Fact]
    public void Class_IsReadable_WhereTheRestIsInvalid()
    {
        var ingress = IngressReader.ReadClass(
            JsonNode
                .Parse(
                    """
                    {"metadata": {"name": "i", "annotations": {"kubernetes.io/ingress.class": "other"}}, "spec": {"ingressClassName": "x", "rules": 1}}
                    """)!
                .AsObject());

        Assert.Equal("x", ingress.ClassName);
        Assert.Equal("other", ingress.Metadata.Annotations[Names.IngressClassAnnotation]);
    }

    [Theory]
    // istio-2017.md §5.3.
    [InlineData("Off", null, false)]
    [InlineData("Off", "istio", false)]
    [InlineData("Default", null, true)]
    [InlineData("Default", "istio", true)]
    [InlineData("Default", "nginx", false)]
    [InlineData("Default", "", false)]
    [InlineData("Strict", null, false)]
    [InlineData("Strict", "istio", true)]
    [InlineData("Strict", "nginx", false)]
    [InlineData("Strict", "", false)]
    public void Annotation_DecidesByMode(string mode, string? annotation, bool ours)
    {
        var mesh = new MeshConfig { IngressControllerMode = Enum.Parse<IngressControllerMode>(mode) };

        var decision = IngressClasses.Decide(Ingress(annotation, null), mesh, []);

        Assert.Equal(ours, decision.IsOurs);
        Assert.NotEmpty(decision.Reason);
    }

    [Theory]
    [InlineData("istio", null, true)]
    [InlineData("istio", "ours", true)]
    [InlineData("istio", "theirs", false)]
    [InlineData("edge", null, false)]
    [InlineData("edge", "ours", true)]
    [InlineData("edge", "theirs", false)]
    public void ClassName_DecidesByTheIngressClassOfThatName(string name, string? controller, bool ours)
    {
        IngressClassObject[] classes = controller is null ? [] : [Class(name, controller, isDefault: false)];

        Assert.Equal(ours, IngressClasses.IsOurs(Ingress(null, name), MeshConfig.Default, classes));
    }

    [Fact]
    public void Annotation_OutweighsClassName() =>
        Assert.False(IngressClasses.IsOurs(Ingress("nginx", "istio"), MeshConfig.Default, []));

    [Theory]
    [InlineData("ours", true)]
    [InlineData("theirs", false)]
    public void DefaultClass_TakesIngressesWithoutClass(string controller, bool ours) =>
        Assert.Equal(ours, IngressClasses.IsOurs(Ingress(null, null), MeshConfig.Default, [Class("edge", controller, isDefault: true)]));

    [Fact]
    public void MeshConfig_RenamesTheClass()
    {
        var mesh = new MeshConfig { IngressClass = "edge" };

        Assert.True(IngressClasses.IsOurs(Ingress("edge", null), mesh, []));
        Assert.False(IngressClasses.IsOurs(Ingress("istio", null), mesh, []));
    }

    private static IngressClassObject Class(string name, string controller, bool isDefault) =>
        new(new ObjectMeta { Name = name }, controller == "ours" ? Names.IngressController : "example.com/other", isDefault);

    private static IngressObject Ingress(string? annotation, string? className)
    {
        var annotations = annotation is null ? ObjectMeta.EmptyMap : ObjectMeta.EmptyMap.Add(Names.IngressClassAnnotation, annotation);
        return new IngressObject(new ObjectMeta { Name = "i", Annotations = annotations }, className, null, [], []);
    }

    private static IngressObject Read(string json)
    {
        var decoded = IngressReader.Read(JsonNode.Parse(json)!.AsObject());
        Assert.Empty(decoded.Errors);
        return decoded.Value!;
    }
}
