namespace Turnpike.Tests.Cli;

public sealed class ValidateTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Valid_ExitsZeroAndCounts()
    {
        var file = _directory.Write(
            "all.yaml",
            $"{SampleManifests.Ingress()}\n---\n{SampleManifests.Rule()}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}"
        );
        var run = await CliRun.Of("validate", "-f", file);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal("2 valid, 0 invalid\n1 object of another kind skipped (--verbose lists it)\n", run.Output);
        Assert.Equal("", run.Error);
    }

    [Fact]
    public async Task Invalid_ExitsOneAndNamesFileDocumentAndField()
    {
        var file = _directory.Write("all.yaml", $"{SampleManifests.Ingress()}\n---\n{SampleManifests.Rule("timeout: 3")}");
        var run = await CliRun.Of("validate", "-f", file);
        Assert.Equal(1, run.ExitCode);
        var line = Assert.Single(run.ErrorLines);
        Assert.StartsWith(
            $"error: {file}: document 2 (RouteRule default/rule): spec.http_req_timeout.simple_timeout.timeout: Invalid value: 3: ",
            line,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Directory_ChecksEveryFileOfIt()
    {
        _directory.Write("a.yaml", SampleManifests.Rule());
        _directory.Write("b.json", "{\"kind\": \"RouteRule\"}");
        _directory.Write("c.yaml", "kind: [unclosed");
        _directory.Write("ignored.txt", "kind: [unclosed");
        var run = await CliRun.Of("validate", "-f", _directory.Path);
        Assert.Equal(1, run.ExitCode);
        Assert.Equal("1 valid, 2 invalid\n", run.Output);
        Assert.Contains("metadata.name: Required value", run.Error, StringComparison.Ordinal);
        Assert.Contains("c.yaml: document 1: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_IsTakenApart()
    {
        var file = _directory.Write("list.json", """
            {"apiVersion": "v1", "kind": "List", "items": [
              {"apiVersion": "config.istio.io/v1alpha2", "kind": "RouteRule", "metadata": {"name": "a"}, "spec": {"destination": {"name": "web"}}},
              {"apiVersion": "config.istio.io/v1alpha2", "kind": "RouteRule", "metadata": {"name": "b"}, "spec": {}}]}
            """);
        var run = await CliRun.Of("validate", "-f", file);
        Assert.Equal("1 valid, 1 invalid\n", run.Output);
        Assert.StartsWith(
            $"error: {file}: document 1, item 2 (RouteRule default/b): spec.destination: Required value",
            run.Error,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("validate")]
    [InlineData("validate", "-f")]
    [InlineData("frobnicate")]
    [InlineData("serve", "--config-dir", "x", "--http-port", "70000")]
    public async Task BadUsage_ExitsTwoWithoutAStack(params string[] arguments)
    {
        var run = await CliRun.Of(arguments);
        Assert.Equal(2, run.ExitCode);
        Assert.All(run.ErrorLines, line => Assert.StartsWith("turnpike: ", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task MissingFile_IsOneLine()
    {
        var run = await CliRun.Of("validate", "-f", "/does/not/exist");
        Assert.Equal(1, run.ExitCode);
        Assert.Equal("turnpike: there is no file or directory \"/does/not/exist\"\n", run.Error);
    }

    [Fact]
    public async Task Samples_AreValid()
    {
        var run = await CliRun.Of("validate", "-f", Path.Combine(Support.GoldenFiles.Root, "..", "..", "config", "samples"));
        Assert.Equal(0, run.ExitCode);
    }
}
