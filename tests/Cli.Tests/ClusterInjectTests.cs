using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Turnpike.Tests.Cli;

/// <summary>kube-inject beside an API server, and without one.</summary>
public sealed class ClusterInjectTests : ClusterFixture
{
    private const string Pod = "kind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: a\n";

    [Fact]
    public async Task Settings_AreThoseOfTheCluster()
    {
        PutSettings("istio-system", "params: {verbosity: 7}\n");
        var run = await Inject();
        Assert.Equal(
            (0, $"note: injection settings: ConfigMap istio-system/istio-inject of {Api.Url.Authority}\n"), (run.ExitCode, run.Error));
        Assert.Contains("- --verbosity\n    - \"7\"\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_AreInTheControlPlanesNamespace()
    {
        PutSettings("mesh", "policy: disabled\n");
        var run = await Inject("-i", "mesh");
        Assert.Equal((0, Pod), (run.ExitCode, run.Output));
    }

    [Theory]
    [InlineData("1.28", false)]
    [InlineData("1.29", true)]
    public async Task NativeSidecar_IsUsedWhereTheClusterHasThem(string version, bool isNative)
    {
        Api.ServerVersion = version;
        PutSettings("istio-system", "nativeSidecar: auto\n");
        var run = await Inject();
        Assert.Equal(isNative, run.Output.Contains("restartPolicy: Always", StringComparison.Ordinal));
    }

    /// <summary>A kubelet that does not know them waits for a native sidecar to end.</summary>
    [Theory]
    [InlineData("v1.28.15", false)]
    [InlineData("v1.29.0", true)]
    public async Task NativeSidecar_IsUsedWhereTheOldestNodeHasThem(string kubelet, bool isNative)
    {
        Api.ServerVersion = "1.31";
        Api.Put("v1/nodes", "", "new", Node("v1.31.2"));
        Api.Put("v1/nodes", "", "old", Node(kubelet));
        Assert.Equal(isNative, (await Inject()).Output.Contains("restartPolicy: Always", StringComparison.Ordinal));

        static JsonObject Node(string version) =>
            new() { ["status"] = new JsonObject { ["nodeInfo"] = new JsonObject { ["kubeletVersion"] = version } } };
    }

    [Fact]
    public async Task File_MattersMoreThanTheCluster()
    {
        PutSettings("istio-system", "policy: disabled\n");
        var run = await Inject("--injectConfigFile", Directory.Write("config.yaml", "policy: enabled\n"));
        Assert.Contains("istio-proxy", run.Output, StringComparison.Ordinal);
        Assert.Empty(Api.Requests);
    }

    [Fact]
    public async Task BrokenSettings_StopTheRun()
    {
        PutSettings("istio-system", "policy: perhaps\n");
        var run = await Inject();
        Assert.Equal((255, ""), (run.ExitCode, run.Output));
        Assert.StartsWith("error: ConfigMap istio-system/istio-inject of ", run.ErrorLines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task BuiltIn_IsUsed_WhenTheClusterHasNone()
    {
        var run = await Inject();
        Assert.Equal(
            (0, $"note: injection settings: built in (there is no ConfigMap istio-system/istio-inject of {Api.Url.Authority})\n"),
            (run.ExitCode, run.Error));
        Assert.Contains("istio-proxy", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BuiltIn_IsUsed_WhenNobodyAnswersInTime()
    {
        // The system accepts connections, but no program reads from them.
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var started = Stopwatch.GetTimestamp();
        var run = await Inject("-c", WriteKubeconfig("silent", new Uri($"http://{silent.LocalEndpoint}")));
        Assert.Equal(
            (0, "note: injection settings: built in (the cluster does not respond within 5 s)"), (run.ExitCode, run.ErrorLines[0]));
        Assert.Contains("istio-proxy", run.Output, StringComparison.Ordinal);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task BuiltIn_IsUsed_WhenNobodyIsThere()
    {
        var run = await Inject("-c", WriteKubeconfig("nobody", new Uri("http://127.0.0.1:1")));
        Assert.Equal(0, run.ExitCode);
        Assert.StartsWith(
            "note: injection settings: built in (cannot reach the API server http://127.0.0.1:1/: ",
            run.Error,
            StringComparison.Ordinal);
    }

    private Task<CliRun> Inject(params string[] options) =>
        Run("istioctl", "", ["kube-inject", "-f", Directory.Write("pod.yaml", Pod), .. options]);

    private void PutSettings(string ns, string text) =>
        Api.Put("v1/configmaps", ns, "istio-inject", new JsonObject { ["data"] = new JsonObject { ["config"] = text } });
}
