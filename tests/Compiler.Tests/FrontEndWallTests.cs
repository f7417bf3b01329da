using System.Text.RegularExpressions;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Compiler;

/// <summary>The half of the compiler that comes after the front ends knows no kind's shape (decision 0040).</summary>
public sealed partial class FrontEndWallTests
{
    private static readonly string Repository = Path.GetFullPath(Path.Combine(GoldenFiles.Root, "..", ".."));

    [Theory]
    [InlineData("Model")]
    [InlineData("Hosts")]
    [InlineData("Rules")]
    [InlineData("Tables")]
    public void Folder_KnowsNoIngress(string folder)
    {
        var files = Directory.GetFiles(Path.Combine(Repository, "src", "Compiler", folder), "*.cs");

        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.DoesNotMatch(ShapeOfIngress(), File.ReadAllText(file)));
    }

    [Fact]
    public void FrontEnd_IsWhatTheWallKeepsOut()
    {
        var files = Directory.GetFiles(Path.Combine(Repository, "src", "Compiler", "FrontEnds", "Ingress"), "*.cs");

        Assert.Contains(files, file => ShapeOfIngress().IsMatch(File.ReadAllText(file)));
    }

    [GeneratedRegex(@"Api\.Ingresses|Kinds\.Ingress\b|FrontEnds\.Ingress|IngressObject|IngressPaths")]
    private static partial Regex ShapeOfIngress();
}
