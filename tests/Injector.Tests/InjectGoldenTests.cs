using Turnpike.Injector;
using Turnpike.Injector.Config;
using Turnpike.Injector.Text;
using Turnpike.Tests.Support;
using Turnpike.Yaml;

namespace Turnpike.Tests.Injector;

/// <summary>
/// Each directory of <c>testdata/inject</c> is a case: <c>input.yaml</c> or <c>input.json</c>, perhaps <c>config.yaml</c>, perhaps
/// <c>limits.yaml</c> with the LimitRanges and ResourceQuotas of the namespace; beside them what comes out, byte for byte
/// (<c>expected.*</c>), and what is said about it (<c>messages.txt</c>).
/// </summary>
public sealed class InjectGoldenTests
{
    private static readonly InjectOptions Options = new() { AnyKind = true };

    private static bool Update => Environment.GetEnvironmentVariable("TURNPIKE_GOLDEN") == "update";

    public static TheoryData<string> Cases =>
        [.. GoldenFiles.Cases("inject", ".yaml", ".json").Where(file => Path.GetFileNameWithoutExtension(file) == "input")];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Inject_GivesTheExpectedManifest(string input)
    {
        var result = Inject(input, GoldenFiles.Read(input));

        var messages = string.Concat(
            result.Errors.Select(error => $"error: {error}\n").Concat(result.Notes.Select(note => $"note: {note}\n")));
        Verify(Expected(input), result.Text);
        Verify(Path.Combine(Path.GetDirectoryName(input)!, "messages.txt"), messages);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Inject_ChangesNothing_TheSecondTime(string input)
    {
        var once = GoldenFiles.Read(Expected(input));

        Assert.Equal(once, Inject(input, once).Text);
    }

    private static InjectedManifest Inject(string input, string text) =>
        ManifestInjector.Inject(
            Path.GetFileName(input),
            text,
            Config(Path.GetDirectoryName(input)!),
            Options with
            {
                Limits = Limits(Path.GetDirectoryName(input)!),
            },
            null);

    private static InjectConfig Config(string directory)
    {
        var file = Path.Combine(directory, "config.yaml");
        if (!File.Exists(Path.Combine(GoldenFiles.Root, file)))
            return InjectConfig.Default with { ProxyImage = "turnpike/proxy:test" };
        var config = InjectConfigReader.Read(GoldenFiles.Read(file));
        Assert.Empty(config.Errors);
        Assert.Empty(config.Warnings);
        return config.Value!;
    }

    private static ResourceConstraints Limits(string directory)
    {
        var file = Path.Combine(directory, "limits.yaml");
        if (!File.Exists(Path.Combine(GoldenFiles.Root, file)))
            return ResourceConstraints.None;
        var objects = YamlText
            .Read(GoldenFiles.Read(file))
            .Select(document => document.Root!.AsObject())
            .ToLookup(root => (string)root["kind"]!);
        return new ResourceConstraints(
            [.. objects["LimitRange"].SelectMany(root => ContainerRange.Read(root))],
            [.. objects["ResourceQuota"].SelectMany(root => Quota.Read(root))]);
    }

    private static string Expected(string input) => Path.Combine(Path.GetDirectoryName(input)!, "expected" + Path.GetExtension(input));

    private static void Verify(string name, string actual)
    {
        var file = Path.Combine(GoldenFiles.Root, name);
        if (Update)
            File.WriteAllText(file, actual);
        Assert.Equal(File.ReadAllText(file), actual);
    }
}
