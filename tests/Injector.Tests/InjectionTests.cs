using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Injector;
using Turnpike.Injector.Config;
using Turnpike.Injector.Patch;

namespace Turnpike.Tests.Injector;

public sealed class InjectionTests
{
    private const string Deployment =
        """{"kind":"Deployment","metadata":{"name":"a"},"spec":{"template":{"spec":{"containers":[{"name":"a"}]}}}}""";
    private const string Pod = """{"kind":"Pod","metadata":{"name":"a","namespace":"ignored"},"spec":{"containers":[{"name":"a"}]}}""";

    private static InjectionResult Inject(string json, InjectConfig? config = null, InjectOptions? options = null, string ns = "default") =>
        Injection.Inject(JsonNode.Parse(json)!.AsObject(), ns, config ?? InjectConfig.Default, options ?? new InjectOptions());

    [Fact]
    public void Inject_SaysWhy_WhenItInjects()
    {
        var result = Inject(Pod);

        Assert.Equal((InjectionOutcome.Injected, "policy is enabled"), (result.Outcome, result.Reason));
        Assert.Equal(["/spec/containers/-", "/spec/volumes", "/metadata/annotations"], result.Patch.Select(operation => operation.Path));
    }

    [Theory]
    [InlineData("kube-system", "namespace kube-system is never injected")]
    [InlineData("istio-system", "namespace istio-system is never injected")]
    [InlineData("dev", "namespace dev is not in namespaces")]
    public void Inject_GoesByTheNamespaceOfTheRequest(string ns, string reason) =>
        Assert.Equal(
            (InjectionOutcome.NotInjected, reason),
            (Inject(Pod, InjectConfig.Default with { Namespaces = ["prod"] }, ns: ns) is var r ? r.Outcome : default, r.Reason));

    [Fact]
    public void Inject_LeavesWorkloadsAlone_WhenScopeIsPod()
    {
        Assert.Equal("scope is pod: the pods of a Deployment are injected, not the Deployment", Inject(Deployment).Reason);
        Assert.Equal(InjectionOutcome.Injected, Inject(Deployment, options: new InjectOptions { AnyKind = true }).Outcome);
    }

    [Fact]
    public void Inject_LeavesPodsAlone_WhenScopeIsWorkload()
    {
        var config = InjectConfig.Default with { Scope = InjectionScope.Workload };

        Assert.Equal("scope is workload: pods are not injected", Inject(Pod, config).Reason);
        Assert.Equal(InjectionOutcome.Injected, Inject(Deployment, config).Outcome);
    }

    [Theory]
    [InlineData(NativeSidecar.Auto, false, false)]
    [InlineData(NativeSidecar.Auto, true, true)]
    [InlineData(NativeSidecar.Always, false, true)]
    [InlineData(NativeSidecar.Never, true, false)]
    public void Inject_ChoosesTheFormOfTheSidecar(NativeSidecar setting, bool hasNative, bool isNative)
    {
        var result = Inject(
            Pod,
            InjectConfig.Default with
            {
                NativeSidecar = setting,
            },
            new InjectOptions { HasNativeSidecars = hasNative });

        Assert.Equal(isNative ? "/spec/initContainers" : "/spec/containers/-", result.Patch[0].Path);
    }

    /// <summary>Only the image that this pod would get counts, and a pod that would get none is not asked about.</summary>
    [Theory]
    [InlineData("", "good", InjectionOutcome.Injected)]
    [InlineData("", "bad", InjectionOutcome.ImageNotProven)]
    [InlineData("bad", "good", InjectionOutcome.ImageNotProven)]
    [InlineData("good", "bad", InjectionOutcome.Injected)]
    public void Inject_WaitsForProofOfThePodsOwnImage(string annotation, string setting, InjectionOutcome outcome)
    {
        var pod = JsonNode.Parse(Pod)!;
        if (annotation.Length > 0)
            pod["metadata"]!["annotations"] = new JsonObject { ["sidecar.istio.io/proxyImage"] = annotation };
        var asked = new List<string>();
        var result = Inject(
            pod.ToJsonString(),
            InjectConfig.Default with
            {
                ProxyImage = setting,
            },
            new InjectOptions { IsImageProven = image => Ask(image) });
        Assert.Equal(outcome, result.Outcome);
        Assert.Equal([annotation.Length == 0 ? setting : annotation], asked);
        if (outcome == InjectionOutcome.ImageNotProven)
        {
            Assert.Equal(
                (
                    0,
                    "ImageNotProven: no proxy of image bad has been ready in this cluster yet; pods get it once one has, such as the "
                        + "managed ingress"),
                (result.Patch.Count, result.Reason));
        }

        bool Ask(string image)
        {
            asked.Add(image);
            return image == "good";
        }
    }

    [Theory]
    [InlineData("""{"kind":"Pod","spec":{"hostNetwork":true,"containers":[{"name":"a"}]}}""", InjectionOutcome.NotInjected)]
    [InlineData(
        """{"kind":"Pod","metadata":{"annotations":{"sidecar.istio.io/proxyImage":"no image"}},"spec":{"containers":[{"name":"a"}]}}""",
        InjectionOutcome.Invalid)]
    [InlineData(
        """{"kind":"Pod","metadata":{"annotations":{"sidecar.istio.io/status":"{\"containers\":[\"istio-proxy\"]"""
            + """,\"volumes\":[\"istio-envoy\"]}"}},"spec":{"containers":[{"name":"a"},{"name":"istio-proxy"}]}}""",
        InjectionOutcome.Injected)]
    public void Inject_AsksForNoProof_WhereItAddsNoContainer(string json, InjectionOutcome outcome) =>
        Assert.Equal(
            outcome,
            Inject(json, options: new InjectOptions { IsImageProven = _ => throw new InvalidOperationException("asked") }).Outcome);

    [Theory]
    [InlineData("""{"kind":"Service"}""", "kind \"Service\" creates no pods")]
    [InlineData("{}", "kind null creates no pods")]
    public void Inject_LeavesOtherKindsAlone(string json, string reason) =>
        Assert.Equal((InjectionOutcome.NotAWorkload, reason), (Inject(json) is var result ? result.Outcome : default, result.Reason));

    [Fact]
    public void Inject_KeepsToTheRestrictedProfile()
    {
        var container = Inject(Pod).Patch[0].Value!;

        Assert.Equal(
            """{"runAsUser":1337,"runAsGroup":1337,"runAsNonRoot":true,"readOnlyRootFilesystem":true,"allowPrivilegeEscalation":false"""
                + ""","capabilities":{"drop":["ALL"]},"seccompProfile":{"type":"RuntimeDefault"}}""",
            container["securityContext"]!.ToJsonString());
    }

    [Fact]
    public void Inject_KeepsTheDefaultContainer_WhenTheUserChoseOne()
    {
        var result = Inject(
            """{"kind":"Pod","metadata":{"annotations":{"kubectl.kubernetes.io/default-container":"b"}}"""
                + ""","spec":{"containers":[{"name":"a"},{"name":"b"}]}}""");

        Assert.Equal(
            "/metadata/annotations/sidecar.istio.io~1status",
            Assert.Single(result.Patch, operation => operation.Path.StartsWith("/metadata", StringComparison.Ordinal)).Path);
    }

    [Fact]
    public void Inject_PrefersTheAnnotationToTheSelectors()
    {
        var never = InjectConfig.Default with { NeverInject = [Selector("app", "x")] };
        const string labelled =
            """{"kind":"Pod","metadata":{"labels":{"app":"x"},"annotations":{}},"spec":{"containers":[{"name":"a"}]}}""";

        Assert.Equal("neverInjectSelector matches the pod's labels", Inject(labelled, never).Reason);
        Assert.Equal(
            InjectionOutcome.Injected,
            Inject(labelled.Replace("{}", "{\"sidecar.istio.io/inject\":\"true\"}", StringComparison.Ordinal), never).Outcome);
    }

    [Fact]
    public void Write_PutsOutRfc6902()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
            JsonPatch.Write(writer, [new PatchOperation("/a/~1", JsonValue.Create("x")), new PatchOperation("/b", null)]);

        Assert.Equal(
            """[{"op":"add","path":"/a/~1","value":"x"},{"op":"add","path":"/b","value":null}]""",
            Encoding.UTF8.GetString(stream.ToArray()));
    }

    [Theory]
    [InlineData("""{"a":[1,2]}""", "/a/1", "3", """{"a":[1,3,2]}""")]
    [InlineData("""{"a":[1,2]}""", "/a/-", "3", """{"a":[1,2,3]}""")]
    [InlineData("""{"a":1}""", "/a", "3", """{"a":3}""")]
    [InlineData("""{"a":1}""", "", "3", "3")]
    [InlineData("""{"~/":{}}""", "/~0~1/x", "3", """{"~/":{"x":3}}""")]
    public void Apply_AddsAsRfc6902Says(string document, string path, string value, string expected) =>
        Assert.Equal(
            expected, JsonPatch.Apply(JsonNode.Parse(document), [new PatchOperation(path, JsonNode.Parse(value))])!.ToJsonString());

    [Theory]
    [InlineData("""{"a":[1,2]}""", "/a/3")]
    [InlineData("""{"a":[1,2]}""", "/a/01")]
    [InlineData("""{"a":1}""", "/b/c")]
    [InlineData("""{"a":1}""", "b")]
    public void Apply_Fails_WhenAPointerLeadsNowhere(string document, string path) =>
        Assert.Throws<FormatException>(() => JsonPatch.Apply(JsonNode.Parse(document), [new PatchOperation(path, null)]));

    private static LabelSelector Selector(string key, string value) => new(Turnpike.Reading.ObjectMeta.EmptyMap.Add(key, value));
}
