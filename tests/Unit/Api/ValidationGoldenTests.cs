using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Api.RouteRules;
using Turnpike.Tests.Support;
using Xunit;

namespace Turnpike.Tests.Unit.Api;

/// <summary>Each object under <c>testdata/validate</c> against the messages that its author is to see.</summary>
public sealed class ValidationGoldenTests
{
    public static TheoryData<string> Cases => [.. GoldenFiles.Cases("validate", ".json")];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Reports_WhatIsExpected(string name)
    {
        var raw = JsonNode.Parse(GoldenFiles.Read(name))!.AsObject();
        GoldenFiles.Verify(name, Report(RouteRuleReader.Read(raw)));
    }

    private static string Report<T>(Decoded<T> decoded)
        where T : class
    {
        Assert.Equal(decoded.IsValid, decoded.Value is not null);
        var lines = decoded.Errors.Select(e => $"error: {e}").Concat(decoded.Warnings.Select(w => $"warning: {w}")).ToList();
        Assert.All(lines, line => Assert.DoesNotContain('\n', line));
        return lines.Count == 0 ? "valid" : string.Join("\n", lines);
    }
}
