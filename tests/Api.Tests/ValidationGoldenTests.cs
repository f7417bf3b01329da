using System.Text.Json.Nodes;
using Turnpike.Tests.Support;
using Turnpike.Yaml;

namespace Turnpike.Tests.Api;

/// <summary>Each object under <c>testdata/validate</c> against the messages that its author is to see.</summary>
public sealed class ValidationGoldenTests
{
    public static TheoryData<string> Cases => [.. GoldenFiles.Cases("validate", ".json", ".yaml")];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Reports_WhatIsExpected(string name)
    {
        var raw = Read(name);
        GoldenFiles.Verify(name, Report(ObjectReaders.All[KindOf(name, raw)](raw)));
    }

    internal static JsonObject Read(string name) => name.EndsWith(".json", StringComparison.Ordinal)
        ? JsonNode.Parse(GoldenFiles.Read(name))!.AsObject()
        : Assert.Single(YamlText.Read(GoldenFiles.Read(name))).Root!.AsObject();

    /// <summary>A case may leave its kind out or mistake it; the directory tells what it is meant to be.</summary>
    internal static string KindOf(string name, JsonObject raw) => name.Split('/')[1] switch
    {
        "routerule" => "RouteRule",
        "ingress" => "Ingress",
        "mesh" => ObjectReaders.Mesh,
        _ => raw["kind"]!.GetValue<string>(),
    };

    private static string Report(Outcome outcome)
    {
        Assert.Equal(outcome.Errors.Count == 0, outcome.Value is not null);
        var lines = outcome.Errors.Select(e => $"error: {e}").Concat(outcome.Warnings.Select(w => $"warning: {w}")).ToList();
        Assert.All(lines, line => Assert.DoesNotContain(line, char.IsControl));
        return lines.Count == 0 ? "valid" : string.Join("\n", lines);
    }
}
