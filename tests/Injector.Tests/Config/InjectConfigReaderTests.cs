using System.Text.Json.Nodes;
using Turnpike.Api.Mesh;
using Turnpike.Injector.Config;

namespace Turnpike.Tests.Injector.Config;

public sealed class InjectConfigReaderTests
{
    private static InjectConfig Valid(string text)
    {
        var decoded = InjectConfigReader.Read(text);
        Assert.Empty(decoded.Errors);
        return decoded.Value!;
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("# nothing\n")]
    [InlineData("policy: enabled\ninterception: none\nnamespaces:\nparams:\n")]
    public void Read_GivesTheDefaults_WhenNothingIsSaid(string text)
    {
        var config = Valid(text);

        Assert.True(config.InjectsByDefault);
        Assert.Equal([""], config.Namespaces);
        Assert.Equal((InjectionScope.Pod, NativeSidecar.Auto, 1337), (config.Scope, config.NativeSidecar, config.ProxyUid));
        Assert.StartsWith("docker.io/turnpike/proxy:", config.ProxyImage, StringComparison.Ordinal);
        Assert.Equal(("10m", "40Mi", null, "256Mi"), Amounts(config));
    }

    [Fact]
    public void Read_TakesTheManifestOf2017()
    {
        var decoded = InjectConfigReader.Read(
            """
            policy: "enabled"
            namespaces: [""] # everything, aka v1.NamepsaceAll, aka cluster-wide
            initializerName: "sidecar.initializer.istio.io"
            params:
              initImage: docker.io/istio/proxy_init:0.4.0
              proxyImage: docker.io/istio/proxy_debug:0.4.0
              verbosity: 2
              version: 0.4.0
              meshConfigMapName: istio
              imagePullPolicy: IfNotPresent
              debugMode: true
            """);

        Assert.Empty(decoded.Errors);
        Assert.Equal(
            [
                "initializerName: has no effect",
                "params.initImage: has no effect",
                "params.debugMode: has no effect",
                "params.meshConfigMapName: has no effect",
            ],
            decoded.Warnings);
        var config = decoded.Value!;
        Assert.Equal(("docker.io/istio/proxy_debug:0.4.0", 2, "0.4.0"), (config.ProxyImage, config.Verbosity, config.Version));
    }

    [Fact]
    public void Read_TakesAllKeys()
    {
        var config = Valid(
            """
            policy: disabled
            scope: workload
            nativeSidecar: false
            excludeNamespaces: [dev, test]
            proxyImage: a/b:c
            discoveryAddress: "[::1]:15010"
            neverInjectSelector: {app: x, tier: web}
            alwaysInjectSelector:
            - matchLabels: {app: z}
            - {team: edge}
            resources:
              requests: {cpu: 0.5, memory: 1Gi}
              limits: {cpu: "2", memory: none}
            params: {sidecarProxyUID: 1, imagePullPolicy: Never}
            """);

        Assert.False(config.InjectsByDefault);
        Assert.Equal((InjectionScope.Workload, NativeSidecar.Never), (config.Scope, config.NativeSidecar));
        Assert.Equal(["dev", "test"], config.ExcludeNamespaces);
        Assert.Equal(
            ("a/b:c", "[::1]:15010", 1, "Never"), (config.ProxyImage, config.DiscoveryAddress, config.ProxyUid, config.ImagePullPolicy));
        Assert.Equal(("0.5", "1Gi", "2", null), Amounts(config));
        Assert.Equal([["app", "tier"]], config.NeverInject.Select(selector => selector.Labels.Keys));
        Assert.Equal([["app"], ["team"]], config.AlwaysInject.Select(selector => selector.Labels.Keys));
    }

    [Theory]
    [InlineData("policy: off", "policy: Unsupported value: false: supported values: \"enabled\", \"disabled\"")]
    [InlineData("policy: sometimes", "policy: Unsupported value: \"sometimes\": supported values: \"enabled\", \"disabled\"")]
    [InlineData("namespaces: [a]\nexcludeNamespaces: [b]", "excludeNamespaces: Forbidden: may not be given together with namespaces")]
    [InlineData(
        "excludeNamespaces: [\"\"]",
        "excludeNamespaces: Invalid value: \"\": must be names of namespaces; to inject nowhere, set policy to disabled")]
    [InlineData("namespaces: prod", "namespaces: Invalid value: \"prod\": must be a list, not a string")]
    [InlineData(
        "interception: redirect",
        "interception: Invalid value: \"redirect\": this version does not capture traffic; the only value is \"none\"")]
    [InlineData("params: 1", "params: Invalid value: 1: must be an object, not a number")]
    [InlineData("params: {sidecarProxyUID: 0}", "params.sidecarProxyUID: Invalid value: 0: must be an integer between 1 and 4294967294")]
    [InlineData(
        "params: {imagePullPolicy: always}",
        "params.imagePullPolicy: Unsupported value: \"always\": supported values: \"Always\", \"IfNotPresent\", \"Never\"")]
    [InlineData(
        "proxyImage: a\nparams: {proxyImage: b}", "params.proxyImage: Forbidden: may not differ from proxyImage, which replaces it")]
    [InlineData("proxyImage: 1", "proxyImage: Invalid value: 1: must be a string; quote the value")]
    [InlineData(
        "proxyImage: a b",
        "proxyImage: Invalid value: \"a b\": must be the name of a container image such as registry.example.com/turnpike/proxy:1.0")]
    [InlineData(
        "discoveryAddress: a",
        "discoveryAddress: Invalid value: \"a\": must be a host and a port such as turnpike-operator.istio-system:15010")]
    [InlineData(
        "resources: {requests: {cpu: much}}",
        "resources.requests.cpu: Invalid value: \"much\": must be a quantity such as 10m, 0.5 or 40Mi, or none")]
    [InlineData(
        "resources: {requests: {memory: 1Gi}}",
        "resources.limits.memory: Invalid value: \"256Mi\": must not be less than the request, 1Gi")]
    [InlineData(
        "neverInjectSelector: {a: 1}",
        "neverInjectSelector: Invalid value: {\"a\":1}: must be a mapping of labels to values, or a list of such mappings")]
    [InlineData(
        "neverInjectSelector: [{matchExpressions: []}]",
        "neverInjectSelector: Invalid value: [{\"matchExpressions\":[]}]: must be a mapping of labels to values, or a list of such mappings"
    )]
    [InlineData("- a", "Invalid value: [\"a\"]: must be a mapping")]
    [InlineData("a: 1\n---\nb: 2", "Invalid value: must be one document; another starts at line 3")]
    [InlineData("a: [", "Invalid value: line 2, column 1: while parsing a node, did not find expected node content")]
    public void Read_SaysWhatIsWrong(string text, string error)
    {
        var decoded = InjectConfigReader.Read(text);

        Assert.Null(decoded.Value);
        Assert.Equal([error], decoded.Errors.Select(fault => fault.ToString()));
    }

    [Fact]
    public void Read_WarnsOfUnknownKeys() =>
        Assert.Equal(
            [
                "params.proxyImages: unknown key; did you mean \"proxyImage\"?",
                "polcy: unknown key; did you mean \"policy\"?",
                "zzz: unknown key",
            ],
            InjectConfigReader.Read("polcy: disabled\nzzz: 1\nparams: {proxyImages: a}").Warnings);

    [Theory]
    [InlineData("excludeNamepsaces", "excludeNamespaces", "ingressClsas", "ingressClass")]
    [InlineData("native_sidecar", "nativeSidecar", "Ingressclass", "ingressClass")]
    [InlineData("x", null, "x", null)]
    public void Read_SuggestsAKeyAsTheMeshSettingsDo(string key, string? meant, string meshKey, string? meshMeant)
    {
        Assert.Equal([Unknown(key, meant)], InjectConfigReader.Read($"{key}: a").Warnings);
        Assert.Equal([Unknown(meshKey, meshMeant)], MeshConfigReader.Read(new JsonObject { [meshKey] = "a" }).Warnings);

        static string Unknown(string key, string? meant) => $"{key}: unknown key" + (meant is null ? "" : $"; did you mean \"{meant}\"?");
    }

    [Fact]
    public void ReadFile_TakesAConfigMap()
    {
        var decoded = InjectConfigReader.ReadFile("kind: ConfigMap\ndata:\n  config: |\n    policy: disabled\n");

        Assert.False(decoded.Value!.InjectsByDefault);
        Assert.Equal(
            "data.config: Required value: the ConfigMap must hold the configuration under this key",
            Assert.Single(InjectConfigReader.ReadFile("kind: ConfigMap\n").Errors).ToString());
    }

    [Theory]
    [InlineData("1", 1)]
    [InlineData("10m", 0.01)]
    [InlineData("1.5k", 1500)]
    [InlineData("2Ki", 2048)]
    [InlineData("1G", 1e9)]
    [InlineData("1Gi", 1073741824)]
    [InlineData("1e3", 1000)]
    [InlineData(".5", 0.5)]
    public void Quantity_ReadsWhatKubernetesWrites(string text, double amount) => Assert.Equal(amount, Quantity.Parse(text)!.Amount, 1e-9);

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1 Mi")]
    [InlineData("1mi")]
    [InlineData("1e")]
    [InlineData("1e999")]
    public void Quantity_RefusesTheRest(string text) => Assert.Null(Quantity.Parse(text));

    private static (string? CpuRequest, string? MemoryRequest, string? CpuLimit, string? MemoryLimit) Amounts(InjectConfig config) =>
        (
            config.Resources.CpuRequest?.Text,
            config.Resources.MemoryRequest?.Text,
            config.Resources.CpuLimit?.Text,
            config.Resources.MemoryLimit?.Text);
}
