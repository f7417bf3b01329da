using Turnpike.Routing;

namespace Turnpike.Tests.Cli;

public sealed class CompileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Output_IsATableThatTheProxyReads()
    {
        _directory.Write("all.yaml", $"{SampleManifests.Service(8080)}\n---\n{SampleManifests.Ingress("/get")}\n---\n{SampleManifests.Rule()}");
        var file = Path.Combine(_directory.Path, "table");
        var run = await CliRun.Of("compile", "--config-dir", _directory.Path, "-o", file);
        Assert.Equal((0, "", ""), (run.ExitCode, run.Output, run.Error));
        var table = RouteTableJson.Deserialize(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal("default/rule", table.FindListener("http")!.Hosts.Find("x")?.FindPath("/get")?.Routes.All[0].Rule);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task Text_IsForPeople()
    {
        _directory.Write("all.yaml", $"{SampleManifests.Service(8080)}\n---\n{SampleManifests.Ingress("/get")}");
        var run = await CliRun.Of("compile", "--config-dir", _directory.Path, "--text");
        Assert.Equal(
            """
            listener http
              host *
                exact /get    (default/web rule 1 path 1)
                  no rule: to default/web:80; timeout 15s
            clusters
              default/web:80: 127.0.0.1:8080

            """.ReplaceLineEndings("\n"),
            run.Output);
    }

    [Fact]
    public async Task InvalidObject_IsReportedAndTheRestCompiles()
    {
        _directory.Write("all.yaml", $"{SampleManifests.Service(8080)}\n---\n{SampleManifests.Ingress("/get")}\n---\n{SampleManifests.Rule("timeout: 0.5ms")}");
        var run = await CliRun.Of("compile", "--config-dir", _directory.Path, "--text");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("exact /get", run.Output, StringComparison.Ordinal);
        Assert.StartsWith("error: all.yaml: document 4 (RouteRule default/rule): spec.http_req_timeout.simple_timeout.timeout: Invalid value: \"0.5ms\": ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MissingDirectory_IsOneLine()
    {
        var run = await CliRun.Of("compile", "--config-dir", "/does/not/exist");
        Assert.Equal(1, run.ExitCode);
        Assert.Equal("turnpike: --config-dir: there is no directory \"/does/not/exist\"\n", run.Error);
    }
}
