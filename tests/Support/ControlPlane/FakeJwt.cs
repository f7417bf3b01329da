using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;
using Turnpike.Tests.Support.FakeApiServer;

namespace Turnpike.Tests.Support.ControlPlane;

/// <summary>
/// ServiceAccount tokens as the kubelet projects them, but for the signature: it is a word that the fake API server knows.
/// </summary>
internal static class FakeJwt
{
    private const string Signature = "signed";

    /// <param name="account"><c>namespace:name</c>.</param>
    /// <param name="audience">What it is for.</param>
    /// <param name="pod">That it is bound to.</param>
    /// <param name="expires">Null: in an hour.</param>
    /// <param name="signature">Any other than the default is a forgery.</param>
    public static string Of(
        string account, string audience, string? pod = null, DateTimeOffset? expires = null, string signature = Signature) =>
        Of(
            new JsonObject
            {
                ["sub"] = "system:serviceaccount:" + account,
                ["aud"] = new JsonArray(audience),
                ["exp"] = (expires ?? TimeProvider.System.GetUtcNow().AddHours(1)).ToUnixTimeSeconds(),
                ["pod"] = pod,
            },
            signature);

    /// <summary>With claims that are well made, or not.</summary>
    public static string Of(JsonNode claims, string signature = Signature) =>
        $"{Encode("""{"alg":"RS256"}""")}.{Encode(claims.ToJsonString())}.{signature}";

    public static FakeToken? Review(string token)
    {
        var parts = token.Split('.');
        if (parts is not [_, var payload, Signature])
            return null;
        var claims = JsonNode.Parse(Base64Url.DecodeFromChars(payload))!;
        return new FakeToken((string)claims["sub"]!, (string)claims["aud"]![0]!, (string?)claims["pod"]);
    }

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
