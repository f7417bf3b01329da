namespace Turnpike.Tests.Cli;

/// <summary>Tests messages about files that cannot be read or written: they give the name as the user wrote it, and the fault.</summary>
public sealed class FileFaultTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Compile_NamesTheFileThatItCannotWrite()
    {
        await Expect(
            "--output: \"/nowhere/table\" cannot be written: there is no directory \"/nowhere\"",
            "compile",
            "--config-dir",
            _directory.Path,
            "-o",
            "/nowhere/table");
        await Expect(
            $"--output: \"{_directory.Path}\" is a directory, not a file",
            "compile",
            "--config-dir",
            _directory.Path,
            "-o",
            _directory.Path);
        var ownFile = _directory.Write("file", "");
        await Expect(
            $"--output: \"{ownFile}/x\" cannot be written: there is no directory \"{ownFile}\"",
            "compile",
            "--config-dir",
            _directory.Path,
            "-o",
            $"{ownFile}/x");
        Assert.Equal(["file"], Directory.EnumerateFileSystemEntries(_directory.Path).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Explain_NamesTheTableThatItCannotRead()
    {
        await Expect("--table: there is no file \"nosuch.json\"", "explain", "GET", "http://a/", "--table", "nosuch.json");
        await Expect(
            $"--table: \"{_directory.Path}\" is a directory, not a file",
            "explain",
            "GET",
            "http://a/",
            "--table",
            _directory.Path);
        var broken = _directory.Write("broken", "[");
        var run = await CliRun.Of("explain", "GET", "http://a/", "--table", broken);
        Assert.StartsWith($"turnpike: --table: \"{broken}\": not a route table: ", run.Error, StringComparison.Ordinal);
        Assert.EndsWith("; turnpike compile writes one\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task KubeInject_NamesTheFileThatItCannotReadOrWrite()
    {
        var pod = _directory.Write(
            "pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a}]}\n");
        await Expect(
            "--output: \"/nowhere/x\" cannot be written: there is no directory \"/nowhere\"", "kube-inject", "-f", pod, "-o", "/nowhere/x");
        await Expect($"\"{_directory.Path}\" is a directory, not a file", "kube-inject", "-f", _directory.Path);
    }

    private static async Task Expect(string message, params string[] arguments)
    {
        var run = await CliRun.Of(arguments);
        Assert.Equal((1, $"turnpike: {message}"), (run.ExitCode, run.ErrorLines.Last()));
    }
}
