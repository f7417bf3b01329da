using System.Diagnostics;
using System.Net.Sockets;
using Turnpike.Cli.Manifests;

namespace Turnpike.Tests.Cli;

/// <summary>Tests paths that are named like manifests and are no files: the command says so, and does not block on them.</summary>
public sealed class OddFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Directory_WithOddFiles_IsReadPastThem()
    {
        using var socket = await MakeOddFilesAsync();
        _directory.Write("rule.yaml", SampleManifests.Rule());
        var run = await CliRun.Of("validate", _directory.Path).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal((1, "1 valid, 4 invalid\n"), (run.ExitCode, run.Output));
        Assert.Equal(
            [
                "error: device.yaml: document 1: is a device, not a file",
                "error: loop.yaml: document 1: is a link to itself",
                "error: pipe.yaml: document 1: is a pipe, not a file",
                "error: socket.yaml: document 1: is a socket or a device, not a file",
            ],
            run.ErrorLines.Select(line => line.Replace(_directory.Path + "/", "", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("compile")]
    [InlineData("explain", "GET", "http://a/")]
    public async Task Commands_OnSuchADirectory_Return(params string[] command)
    {
        using var socket = await MakeOddFilesAsync();
        var run = await CliRun
            .Of([.. command, "--config-dir", _directory.Path])
            .WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.NotEqual("", run.Output);
    }

    [Fact]
    public async Task Pipe_ThatIsNamed_IsRead()
    {
        var pipe = Path.Combine(_directory.Path, "named.pipe");
        await RunAsync("mkfifo", pipe);
        // Opening a pipe blocks until a writer opens it too.
        var run = Task.Run(() => CliRun.Of("validate", pipe), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(pipe, SampleManifests.Rule(), TestContext.Current.CancellationToken);
        Assert.Equal("1 valid, 0 invalid\n", (await run).Output);
    }

    [Fact]
    public void FileWithoutAnEnd_IsReadToTheLimit()
    {
        var fault = Assert.Throws<ManifestFileException>(() => ManifestFiles.ReadNamed("/dev/zero"));
        Assert.Equal($"is larger than the limit of {ManifestFiles.MaxBytes} bytes", fault.Message);
    }

    private async Task<Socket> MakeOddFilesAsync()
    {
        await RunAsync("mkfifo", Path.Combine(_directory.Path, "pipe.yaml"));
        File.CreateSymbolicLink(Path.Combine(_directory.Path, "loop.yaml"), "loop.yaml");
        File.CreateSymbolicLink(Path.Combine(_directory.Path, "device.yaml"), "/dev/zero");
        System.IO.Directory.CreateDirectory(Path.Combine(_directory.Path, "folder.yaml"));
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(_directory.Path, "socket.yaml")));
        return socket;
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
    }
}
