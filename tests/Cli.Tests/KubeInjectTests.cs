using Turnpike.Cli.Injection;

namespace Turnpike.Tests.Cli;

public sealed class KubeInjectTests : IDisposable
{
    private const string Pod = "kind: Pod\nmetadata:\n  name: a # kept\nspec:\n  containers:\n  - name: a\n";

    private const string BuiltIn =
        "note: injection settings: built in (no cluster is configured: give --kubeconfig FILE, set KUBECONFIG, or write ~/.kube/config)";

    private const string Native =
        "note: sidecars are native, which needs Kubernetes 1.29 or newer, because the version of the cluster is not known; use --native-sidecar=false for older clusters";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Manifest_IsInjectedAndOthersStay()
    {
        var file = _directory.Write("a.yaml", "# head\nkind: Service\n---\n" + Pod);
        var run = await CliRun.Of("kube-inject", "-f", file, "--hub", "registry.example.com/x", "--tag", "1", "--verbosity", "2", "--setVersionString", "v");
        Assert.Equal((0, $"{BuiltIn}\n{Native}\nnote: {file}: document 1 (Service default/?): nothing to inject: kind \"Service\" creates no pods\n"), (run.ExitCode, run.Error));
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
        Assert.Equal((0, "", $"{BuiltIn}\n{Native}\n"), (run.ExitCode, run.Output, run.Error));
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
        Assert.Equal($"error: {file}: document 2 (Deployment default/b): spec.template: Required value: a pod template with a spec", run.ErrorLines[2]);
        Assert.StartsWith($"error: {file}: document 3: line ", run.ErrorLines[3], StringComparison.Ordinal);
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
                $"note: injection settings: {config}",
                $"warning: {config}: polcy: unknown key; did you mean \"policy\"?",
                Native,
                $"note: {file}: document 1 (Pod prod/a): not injected: policy is disabled and no annotation sidecar.istio.io/inject requests it",
            ],
            run.ErrorLines);
    }

    [Fact]
    public async Task Config_StopsTheRun_WhenItIsWrong()
    {
        var config = _directory.Write("config.yaml", "policy: off\n");
        var run = await CliRun.Of("kube-inject", "-f", _directory.Write("a.yaml", Pod), "--injectConfigFile", config);
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Equal($"error: {config}: policy: Unsupported value: false: supported values: \"enabled\", \"disabled\"", run.ErrorLines[^1]);
    }

    [Fact]
    public async Task OptionsOf2017_AreAccepted()
    {
        var file = _directory.Write("a.yaml", Pod);
        var run = await CliRun.Of(
            "kube-inject", "-f", file, "--coreDump=true", "--debug", "--meshConfigMapName", "istio", "--includeIPRanges=10.0.0.0/8", "--imagePullPolicy", "Always", "--sidecarProxyUID", "7");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            ["note: --meshConfigMapName has no effect", "note: --coreDump has no effect", "note: --includeIPRanges has no effect", "note: --debug has no effect", BuiltIn, Native],
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
    [InlineData("kube-inject", "-f", "a.yaml", "--native-sidecar", "perhaps")]
    public async Task Usage_ExitsTwo(params string[] arguments)
    {
        var run = await CliRun.Of(arguments);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.All(run.ErrorLines, line => Assert.StartsWith("turnpike: ", line, StringComparison.Ordinal));
    }

    /// <summary>A Job ends although its sidecar goes on: without a word, on every Kubernetes that is still maintained.</summary>
    [Theory]
    [InlineData("", true)]
    [InlineData("--native-sidecar=auto", true)]
    [InlineData("--native-sidecar=true", true)]
    [InlineData("--native-sidecar=false", false)]
    public async Task Sidecar_IsNative_UnlessTheUserSaysOtherwise(string option, bool isNative)
    {
        var file = _directory.Write("job.yaml", "kind: Job\nmetadata: {name: once}\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n      - name: a\n");
        var run = await CliRun.Of(["kube-inject", "-f", file, .. option.Length > 0 ? [option] : Array.Empty<string>()]);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(isNative, run.Output.Contains("initContainers:", StringComparison.Ordinal));
        Assert.Equal(isNative, run.Output.Contains("startupProbe:", StringComparison.Ordinal));
        Assert.Equal(option is "" or "--native-sidecar=auto", run.ErrorLines.Contains(Native));
    }

    [Fact]
    public async Task NativeSidecar_OfTheFile_IsHeldTo_UnlessAnOptionSaysOtherwise()
    {
        var file = _directory.Write("a.yaml", Pod);
        var config = _directory.Write("config.yaml", "nativeSidecar: false\n");
        Assert.DoesNotContain("initContainers:\n", (await CliRun.Of("kube-inject", "-f", file, "--injectConfigFile", config)).Output, StringComparison.Ordinal);
        Assert.Contains("initContainers:\n", (await CliRun.Of("kube-inject", "-f", file, "--injectConfigFile", config, "--native-sidecar", "auto")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Image_IsThatOfTheInstallation()
    {
        var file = _directory.Write("a.yaml", Pod);
        Assert.Matches(@"image: docker\.io/turnpike/proxy:\d", (await CliRun.Of("kube-inject", "-f", file)).Output);
        Assert.Contains("image: docker.io/turnpike/proxy:9\n", (await CliRun.Of("kube-inject", "-f", file, "--tag", "9")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "nothing to inject: it contains no object")]
    [InlineData("# a comment\n---\n", "nothing to inject: it contains no object")]
    [InlineData("words\n", "document 1: nothing to inject: \"words\" is not an object")]
    [InlineData("kind: ConfigMap\nmetadata: {name: a}\n", "document 1 (ConfigMap default/a): nothing to inject: kind \"ConfigMap\" creates no pods")]
    public async Task Nothing_ToInject_IsSaid(string text, string reason)
    {
        var file = _directory.Write("a.yaml", text);
        var run = await CliRun.Of("kube-inject", "-f", file);
        Assert.Equal((0, text), (run.ExitCode, run.Output));
        Assert.Equal($"note: {file}: {reason}", run.ErrorLines[^1]);
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
