using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Turnpike.Api;
using Turnpike.Api.Mesh;
using Turnpike.Injector.Config;
using Turnpike.Tests.Support;

namespace Turnpike.Tests.Repository;

/// <summary>The pages of the reference that people write name what the code knows, and nothing that it does not.</summary>
public sealed partial class ReferenceTests
{
    [Fact]
    public void EveryMeshKey_IsKnown()
    {
        foreach (var key in Keys("## ConfigMap `istio`"))
            Assert.DoesNotContain(MeshConfigReader.Read(Nested(key)).Warnings, w => w.Contains("unknown key", StringComparison.Ordinal));
    }

    [Fact]
    public void EverySettingOfTheMesh_IsOnThePage()
    {
        var told = Keys("## ConfigMap `istio`").Select(k => k.Replace(".", "", StringComparison.Ordinal)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var known = typeof(MeshConfig).GetProperties().Where(p => p.CanWrite).SelectMany(Names).Select(n => n == "AllowCrossNamespaceRules" ? "CrossNamespaceRules" : n);
        Assert.All(known, n => Assert.Contains(n, told));

        static IEnumerable<string> Names(PropertyInfo property) => property.PropertyType.Namespace == typeof(MeshConfig).Namespace && property.PropertyType.IsClass
            ? property.PropertyType.GetProperties().Where(p => p.CanWrite).Select(p => property.Name + p.Name)
            : [property.Name];
    }

    [Fact]
    public void EveryInjectKey_IsKnown()
    {
        foreach (var key in Keys("## ConfigMap `istio-inject`"))
            Assert.DoesNotContain(InjectConfigReader.Read(Nested(key).ToJsonString()).Warnings, w => w.Contains("unknown key", StringComparison.Ordinal));
    }

    [Fact]
    public void EveryAnnotation_IsOnThePage()
    {
        var page = Page("annotations.md");
        var known = typeof(Names).GetFields().Where(f => f.Name.EndsWith("Annotation", StringComparison.Ordinal) || f.Name.EndsWith("Label", StringComparison.Ordinal));
        var ofProfiles = typeof(Profile).GetProperties().Where(p => p.Name.EndsWith("Annotation", StringComparison.Ordinal));
        var names = known.Select(f => (string)f.GetRawConstantValue()!).Concat(Profile.All.SelectMany(profile => ofProfiles.Select(p => (string)p.GetValue(profile)!)));
        Assert.All(names, name => Assert.Contains($"`{name}", page, StringComparison.Ordinal));
    }

    private static string Page(string name) => File.ReadAllText(Path.Combine(GoldenFiles.Root, "..", "..", "docs", "reference", name));

    /// <summary>The keys of the first column of the table below a heading.</summary>
    private static IEnumerable<string> Keys(string heading)
    {
        var section = Page("mesh.md").Split(heading + ",")[1].Split("\n## ")[0];
        return section.Split('\n').Where(l => l.StartsWith("| `", StringComparison.Ordinal)).SelectMany(l => Code().Matches(l.Split('|')[1]).Select(m => m.Groups[1].Value));
    }

    private static JsonObject Nested(string key)
    {
        var parts = key.Split('.');
        return parts.Length == 1 ? new JsonObject { [key] = null } : new JsonObject { [parts[0]] = new JsonObject { [parts[1]] = null } };
    }

    [GeneratedRegex("`([A-Za-z.]+)`")]
    private static partial Regex Code();
}
