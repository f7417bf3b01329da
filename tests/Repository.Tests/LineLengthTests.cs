using System.Diagnostics;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Repository;

/// <summary>hack/line-length in a small repository of its own, with a limit of 30 characters.</summary>
public sealed class LineLengthTests : IDisposable
{
    private static readonly string Script = Path.GetFullPath(Path.Combine(GoldenFiles.Root, "..", "..", "hack", "line-length"));
    private readonly string _root = Directory.CreateTempSubdirectory("turnpike-line-length-").FullName;

    public LineLengthTests()
    {
        Directory.CreateDirectory(Path.Combine(_root, "hack"));
        File.Copy(Script, Path.Combine(_root, "hack", "line-length"));
        Write(".editorconfig", "[*]\nmax_line_length = 30\n\n[*.md]\nmax_line_length = off\n");

        // The comments of the script itself are longer than this limit.
        Write(".gitignore", "hack/\n");
        Assert.Equal(0, Run("git", "init", "--quiet").Code);
    }

    [Fact]
    public void LongLine_IsAnError_WithFileAndLine()
    {
        Write("src/A.cs", "short\n" + new string('x', 31) + "\n");
        Write("src/B.cs", new string('x', 30) + "\n");

        Assert.Equal((1, "src/A.cs:2: the line is longer than 30 characters"), Check());
    }

    [Fact]
    public void Length_IsThatOfCharacters_NotOfBytes()
    {
        Write("src/A.cs", new string('é', 30) + "\n");

        Assert.Equal((0, ""), Check());
    }

    [Fact]
    public void PagesAndData_AreNotMeasured()
    {
        Write("docs/a.md", new string('x', 40) + "\n");
        Write("tests/testdata/a.golden", new string('x', 40) + "\n");
        Write("config/a.yaml", new string('x', 40) + "\n");
        Write("a.json", new string('x', 40) + "\n");

        Assert.Equal((0, ""), Check());
    }

    [Fact]
    public void ListedFile_MayHaveLongLines()
    {
        Write("src/A.cs", new string('x', 31) + "\n");
        Write("hack/line-length.exempt", "src/A.cs\n");

        Assert.Equal((0, ""), Check());
    }

    [Fact]
    public void ListedFile_ThatConformsOrIsGone_IsAnError_AndShrinkRemovesIt()
    {
        Write("src/A.cs", new string('x', 31) + "\n");
        Write("src/B.cs", "short\n");
        Write("src/C.cs", new string('x', 31) + "\n");
        Write("hack/line-length.exempt", "src/A.cs\nsrc/B.cs\nsrc/Gone.cs\n");

        var (code, output) = Check();
        Assert.Equal(1, code);
        Assert.Equal(
            [
                "hack/line-length.exempt:2: src/B.cs conforms or is gone; run hack/line-length --shrink",
                "hack/line-length.exempt:3: src/Gone.cs conforms or is gone; run hack/line-length --shrink",
                "src/C.cs:1: the line is longer than 30 characters",
            ],
            output.Split('\n').Order(StringComparer.Ordinal));

        Assert.Equal((0, ""), Check("--shrink"));
        Assert.Equal("src/A.cs\n", File.ReadAllText(Path.Combine(_root, "hack", "line-length.exempt")));
    }

    [Fact]
    public void Shrink_DeletesAListThatIsEmpty()
    {
        Write("src/A.cs", "short\n");
        Write("hack/line-length.exempt", "src/A.cs\n");

        Assert.Equal((0, ""), Check("--shrink"));
        Assert.False(File.Exists(Path.Combine(_root, "hack", "line-length.exempt")));
        Assert.Equal((0, ""), Check());
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private void Write(string path, string text)
    {
        var file = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    private (int Code, string Output) Check(params string[] arguments) => Run("bash", ["hack/line-length", .. arguments]);

    private (int Code, string Output) Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = _root, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output.TrimEnd('\n'));
    }
}
