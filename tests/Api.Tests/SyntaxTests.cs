using System.Text.Json.Nodes;
using Turnpike.Api.Mesh;

namespace Turnpike.Tests.Api;

public sealed class SyntaxTests
{
    /// <summary>U+2028 ends a line although it is not a control character.</summary>
    [Theory]
    [InlineData("\u2028x", "domain: Invalid value: \"\\u2028x\": must be a host name: \"\\u2028x\" is not a DNS label")]
    [InlineData("a.\u0007b", "domain: Invalid value: \"a.\\u0007b\": must be a host name: \"\\u0007b\" is not a DNS label")]
    public void Messages_StayOneLine(string domain, string error) =>
        Assert.Equal([error], MeshConfigReader.Read(new JsonObject { ["domain"] = domain }).Errors.Select(e => e.ToString()));
}
