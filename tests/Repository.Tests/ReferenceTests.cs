using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Turnpike.Api;
using Turnpike.Api.Mesh;
using Turnpike.Injector.Config;
using Turnpike.Primitives;
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
        var told = Keys("## ConfigMap `istio`")
            .Select(k => k.Replace(".", "", StringComparison.Ordinal))
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        var known = typeof(MeshConfig)
            .GetProperties()
            .Where(p => p.CanWrite)
            .SelectMany(Names)
            .Select(n => n == "AllowCrossNamespaceRules" ? "CrossNamespaceRules" : n);
        Assert.All(known, n => Assert.Contains(n, told));

        static IEnumerable<string> Names(PropertyInfo property) =>
            property.PropertyType.Namespace == typeof(MeshConfig).Namespace && property.PropertyType.IsClass
                ? property.PropertyType.GetProperties().Where(p => p.CanWrite).Select(p => property.Name + p.Name)
                : [property.Name];
    }

    [Fact]
    public void EveryInjectKey_IsKnown()
    {
        foreach (var key in Keys("## ConfigMap `istio-inject`"))
        {
            Assert.DoesNotContain(
                InjectConfigReader.Read(Nested(key).ToJsonString()).Warnings,
                w => w.Contains("unknown key", StringComparison.Ordinal));
        }
    }

    /// <summary>A key that is set to the default of the page leaves the settings as they are without it.</summary>
    [Fact]
    public void EveryDefaultOfTheMesh_IsThatOfTheCode()
    {
        var defaults = Defaults("## ConfigMap `istio`").ToList();

        Assert.True(defaults.Count > 15, "the page has fewer defaults than expected");
        Assert.All(defaults, row =>
        {
            var read = MeshConfigReader.Read(Nested(row.Key, row.Value));
            Assert.Empty(read.Errors);
            Assert.Equal(Effective(MeshConfig.Default), Effective(read.Value!));
        });
    }

    [Fact]
    public void EveryDefaultOfInjection_IsThatOfTheCode()
    {
        var defaults = Defaults("## ConfigMap `istio-inject`").ToList();

        Assert.True(defaults.Count > 5, "the page has fewer defaults than expected");
        Assert.All(defaults, row =>
        {
            var read = InjectConfigReader.Read(Nested(row.Key, row.Value).ToJsonString());
            Assert.Empty(read.Errors);
            Assert.Equal(JsonSerializer.Serialize(InjectConfig.Default), JsonSerializer.Serialize(read.Value!));
        });
    }

    [Fact]
    public void EveryAnnotation_IsOnThePage()
    {
        var page = Page("annotations.md");
        var known = typeof(Names)
            .GetFields()
            .Where(f => f.Name.EndsWith("Annotation", StringComparison.Ordinal) || f.Name.EndsWith("Label", StringComparison.Ordinal));
        var ofProfiles = typeof(Profile).GetProperties().Where(p => p.Name.EndsWith("Annotation", StringComparison.Ordinal));
        var names = known
            .Select(f => (string)f.GetRawConstantValue()!)
            .Concat(Profile.All.SelectMany(profile => ofProfiles.Select(p => (string)p.GetValue(profile)!)));
        Assert.All(names, name => Assert.Contains($"`{name}", page, StringComparison.Ordinal));
    }

    private static string Page(string name) => File.ReadAllText(Path.Combine(GoldenFiles.Root, "..", "..", "docs", "reference", name));

    /// <summary>The keys of the first column of the table below a heading.</summary>
    private static IEnumerable<string> Keys(string heading) =>
        Rows(heading).SelectMany(row => Code().Matches(row[1]).Select(m => m.Groups[1].Value));

    private static IEnumerable<string[]> Rows(string heading)
    {
        var section = Page("mesh.md").Split(heading + ",")[1].Split("\n## ")[0];
        return section.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Split('|'));
    }

    /// <summary>The defaults that are one value, with their keys. The others depend on something, and their cells say on what.</summary>
    private static IEnumerable<(string Key, JsonNode Value)> Defaults(string heading) =>
        Rows(heading)
            .Select(row => (Key: Code().Match(row[1]).Groups[1].Value, Default: OneValue().Match(row[2].Trim())))
            .Where(row => row.Default.Success)
            .Select(row => (row.Key, ValueOf(row.Default.Groups[1].Value)));

    private static JsonNode ValueOf(string text) =>
        text[0] is '[' || text.All(char.IsAsciiDigit) ? JsonNode.Parse(text)! : JsonValue.Create(text);

    /// <summary>The settings as text, in which a setting at its default and one with the value of the default are equal.</summary>
    private static string Effective(MeshConfig mesh)
    {
        var timeouts = (
            mesh.DefaultRequestTimeout.Or(ProxyDefaults.RequestTimeout),
            mesh.ConnectTimeout.Or(ProxyDefaults.ConnectTimeout),
            mesh.DrainDuration.Or(ProxyDefaults.DrainDuration),
            mesh.BodyIdleTimeout.Or(ProxyDefaults.BodyIdleTimeout));
        var limits = typeof(NamespaceLimits).GetProperties()
            .Where(property => property.Name.EndsWith("InForce", StringComparison.Ordinal))
            .Select(property => $"{property.Name} {property.GetValue(mesh.NamespaceLimits)}");
        var others = mesh with
        {
            DefaultRequestTimeout = default,
            ConnectTimeout = default,
            DrainDuration = default,
            BodyIdleTimeout = default,
            CircuitLimits = CircuitLimits.Default,
            NamespaceLimits = NamespaceLimits.Default,
        };
        return $"{timeouts} {mesh.CircuitLimits.Effective()} {string.Join(' ', limits)} {JsonSerializer.Serialize(others)}";
    }

    private static JsonObject Nested(string key, JsonNode? value = null)
    {
        var parts = key.Split('.');
        return parts.Length == 1 ? new JsonObject { [key] = value } : new JsonObject { [parts[0]] = new JsonObject { [parts[1]] = value } };
    }

    [GeneratedRegex("`([A-Za-z.]+)`")]
    private static partial Regex Code();

    [GeneratedRegex("^`([^`]+)`$")]
    private static partial Regex OneValue();
}
