using Turnpike.Cli.Commands;

namespace Turnpike.Tests.Component.Cli;

public sealed class KubeInjectTests : IDisposable
{
    private const string Pod = "kind: Pod\nmetadata:\n  name: a # kept\nspec:\n  containers:\n  - name: a\n";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Manifest_IsInjectedAndOthersStay()
    {
        var file = _directory.Write("a.yaml", "# head\nkind: Service\n---\n" + Pod);
        var run = await CliRun.Of("kube-inject", "-f", file, "--hub", "registry.example.com/x", "--tag", "1", "--verbosity", "2", "--setVersionString", "v");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.StartsWith("# head\nkind: Service\n---\nkind: Pod\nmetadata:\n  name: a # kept\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("    image: registry.example.com/x/proxy:1\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("    - --verbosity\n    - \"2\"\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("""{"version":"v",""", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_GoesToTheFile()
    {
        var file = _directory.Write("a.yaml", "\uFEFF" + Pod.ReplaceLineEndings("\r\n"));
        var run = await CliRun.Of("kube-inject", "-f", file, "-o", file);
        Assert.Equal((0, "", ""), (run.ExitCode, run.Output, run.Error));
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        Assert.Equal([0xEF, 0xBB, 0xBF], bytes[..3]);
        Assert.Contains("  - name: istio-proxy\r\n", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Diff_ShowsTheAdditions()
    {
        var file = _directory.Write("a.yaml", Pod);
        var run = await CliRun.Of("kube-inject", "-f", file, "--diff");
        Assert.Equal(0, run.ExitCode);
        Assert.StartsWith($"--- {file}\toriginal\n+++ {file}\tinjected\n@@ -1,6 +1,", run.Output, StringComparison.Ordinal);
        Assert.Contains("\n+  - name: istio-proxy\n", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\n-", run.Output[4..], StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invalid_WritesNothingAndSaysAllFaults()
    {
        var file = _directory.Write("a.yaml", $"{Pod}---\nkind: Deployment\nmetadata: {{name: b}}\nspec: {{}}\n---\na: [\n");
        var run = await CliRun.Of("kube-inject", "-f", file);
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Equal($"error: {file}: document 2 (Deployment default/b): spec.template: Required value: a pod template with a spec", run.ErrorLines[0]);
        Assert.StartsWith($"error: {file}: document 3: line ", run.ErrorLines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Config_IsReadFromAFile()
    {
        var file = _directory.Write("a.yaml", Pod);
        var config = _directory.Write("config.yaml", "policy: disabled\npolcy: x\n");
        var run = await CliRun.Of("kube-inject", "-f", file, "--injectConfigFile", config, "-n", "prod");
        Assert.Equal((0, Pod), (run.ExitCode, run.Output));
        Assert.Equal(
            [
                $"warning: {config}: polcy: unknown key; did you mean policy?",
                $"note: {file}: document 1 (Pod prod/a): not injected: policy is disabled and no annotation sidecar.istio.io/inject asks for it",
            ],
            run.ErrorLines);
    }

    [Fact]
    public async Task Config_StopsTheRun_WhenItIsWrong()
    {
        var config = _directory.Write("config.yaml", "policy: off\n");
        var run = await CliRun.Of("kube-inject", "-f", _directory.Write("a.yaml", Pod), "--injectConfigFile", config);
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Equal($"error: {config}: policy: Unsupported value: false: supported values: \"enabled\", \"disabled\"\n", run.Error);
    }

    [Fact]
    public async Task OptionsOf2017_AreAccepted()
    {
        var file = _directory.Write("a.yaml", Pod);
        var run = await CliRun.Of(
            "kube-inject", "-f", file, "--coreDump=true", "--debug", "--meshConfigMapName", "istio", "--includeIPRanges=10.0.0.0/8", "--imagePullPolicy", "Always", "--sidecarProxyUID", "7");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            ["note: --meshConfigMapName has no effect", "note: --coreDump has no effect", "note: --includeIPRanges has no effect", "note: --debug has no effect"],
            run.ErrorLines);
        Assert.Contains("imagePullPolicy: Always\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("runAsUser: 7\n", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kube-inject")]
    [InlineData("kube-inject", "-f", "a.yaml", "extra")]
    [InlineData("kube-inject", "-f", "a.yaml", "--imagePullPolicy", "Sometimes")]
    [InlineData("kube-inject", "-f", "a.yaml", "--sidecarProxyUID", "0")]
    [InlineData("kube-inject", "-f", "a.yaml", "--verbosity", "loud")]
    [InlineData("kube-inject", "-f", "a.yaml", "--hub", "not a hub")]
    public async Task Usage_ExitsTwo(params string[] arguments)
    {
        var run = await CliRun.Of(arguments);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.All(run.ErrorLines, line => Assert.StartsWith("turnpike: ", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task File_MustBeThere()
    {
        var run = await CliRun.Of("kube-inject", "-f", "/nowhere/a.yaml");
        Assert.Equal((1, "turnpike: there is no file \"/nowhere/a.yaml\"\n"), (run.ExitCode, run.Error));
    }

    [Fact]
    public void StandardInput_IsRead_AndATerminalGetsColours()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var io = new KubeInjectIo(output, error, file => file == "-" ? Pod : throw new FileNotFoundException(file), (_, _) => Assert.Fail(), HasColour: true);
        Assert.Equal(0, new KubeInjectRun(io).Execute(new KubeInjectRequest("-", "default") { Diff = true }));
        Assert.StartsWith("\u001b[36m--- stdin\toriginal\u001b[0m\n", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("\u001b[32m+  - name: istio-proxy\u001b[0m\n", output.ToString(), StringComparison.Ordinal);
    }
}
