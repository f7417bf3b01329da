using System.Text.Json.Nodes;
using Turnpike.Api.Ingresses;
using Turnpike.Tests.Support;
using Turnpike.Yaml;

namespace Turnpike.Tests.Cli;

/// <summary>Manifests under <c>testdata/convert</c> against what <c>turnpike convert</c> makes of them.</summary>
public sealed class ConvertGoldenTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string> Cases => [.. GoldenFiles.Cases("convert", ".yaml", ".json")];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Converts_AsExpected(string name)
    {
        var input = GoldenFiles.Read(name);
        var file = _directory.Write(Path.GetFileName(name), input);
        var run = await CliRun.Of("convert", "-f", file);
        var said = run.Error.Replace(_directory.Path + "/", "", StringComparison.Ordinal);
        GoldenFiles.Verify(name, $"{said}[{run.ExitCode}]\n{run.Output}");
        if (run.ExitCode != 0)
        {
            Assert.Equal("", run.Output);
            return;
        }

        // Again changes nothing.
        var again = await CliRun.Of("convert", "-f", _directory.Write("again" + Path.GetExtension(name), run.Output));
        Assert.Equal((0, run.Output), (again.ExitCode, again.Output));
        Assert.Contains("nothing to convert", again.Error, StringComparison.Ordinal);

        // Turnpike reads both alike.
        var (before, after) = (Ingresses(input), Ingresses(run.Output));
        Assert.Equal(before.Count, after.Count);
        Assert.All(before.Zip(after), pair => Assert.Equal(Shape(pair.First), Shape(pair.Second)));
    }

    [Fact]
    public async Task LineBreaks_StayTheAuthors()
    {
        const string old =
            "apiVersion: extensions/v1beta1\r\nkind: Ingress\r\nmetadata:\r\n  name: web\r\nspec:\r\n  backend:\r\n    serviceName: "
                + "web # kept\r\n    servicePort: 80\r\n";
        var run = await CliRun.Of("convert", "-f", _directory.Write("windows.yaml", old));
        Assert.Equal(
            "apiVersion: networking.k8s.io/v1\r\nkind: Ingress\r\nmetadata:\r\n  name: web\r\nspec:\r\n  defaultBackend:\r\n"
            + "    service:\r\n      name: web # kept\r\n      port:\r\n        number: 80\r\n",
            run.Output);
    }

    [Fact]
    public async Task Diff_ShowsWhatWouldChangeAndOutputReplacesTheFile()
    {
        var file = _directory.Write(
            "web.yaml",
            "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: web}\nspec:\n  backend: {serviceName: web, servicePort: 80}\n"
        );
        var diff = await CliRun.Of("convert", "-f", file, "--diff");
        Assert.Equal((0, ""), (diff.ExitCode, diff.Error));
        Assert.Contains("-apiVersion: extensions/v1beta1\n+apiVersion: networking.k8s.io/v1\n", diff.Output, StringComparison.Ordinal);
        Assert.Contains("+  defaultBackend: {service: {name: web, port: {number: 80}}}\n", diff.Output, StringComparison.Ordinal);

        var run = await CliRun.Of("convert", "-f", file, "-o", file);
        Assert.Equal((0, "", ""), (run.ExitCode, run.Output, run.Error));
        Assert.StartsWith(
            "apiVersion: networking.k8s.io/v1\n",
            await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Samples_OfTheDocumentAreValidAfterwards()
    {
        var file = _directory.Write(
            "walkthrough.yaml", (await CliRun.Of("convert", "-f", Path.Combine(GoldenFiles.Root, "convert", "walkthrough.yaml"))).Output);
        var run = await CliRun.Of("validate", file);
        Assert.Equal((0, "2 valid, 0 invalid\n"), (run.ExitCode, run.Output));
    }

    private static List<JsonObject> Ingresses(string text) =>
        [
            .. YamlText
                .Read(text)
                .Select(d => d.Root)
                .OfType<JsonObject>()
                .SelectMany(root => root["items"] is JsonArray items ? items.OfType<JsonObject>() : [root])
                .Where(o => (string?)o["kind"] == "Ingress"),
        ];

    /// <summary>What the reader makes of an Ingress, and what it finds wrong, by other names of fields in old versions.</summary>
    private static string Shape(JsonObject ingress)
    {
        var read = IngressReader.Read(ingress);
        return read.Value is { } value
            ? $"{value.Metadata} {value.ClassName} {value.DefaultBackend} {string.Join(", ", value.Rules.Select(r => $"{r.Host}: {string.Join(" ", r.Paths)}"))} {string.Join(", ", value.Tls.Select(t => t.SecretName))}"
            : $"{read.Errors.Count} errors";
    }
}
