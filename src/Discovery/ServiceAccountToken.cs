using System.Buffers.Text;
using System.Text.Json;

namespace Turnpike.Discovery;

/// <summary>
/// The claims of a ServiceAccount token whose signature has not been verified. They suffice to refuse a token that cannot be valid without
/// asking the API server, and never to accept one.
/// </summary>
/// <param name="Subject">The user name that the token claims.</param>
/// <param name="Audiences">The audiences that the token was issued for.</param>
/// <param name="Expires">The time at which the token expires.</param>
internal sealed record ServiceAccountToken(string Subject, IReadOnlyList<string> Audiences, DateTimeOffset Expires)
{
    /// <summary>The largest number of characters that is read. A token of a pod with the longest names has some 1,400.</summary>
    public const int LongestToken = 8 * 1024;

    private const int MostAudiences = 16;
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    /// <summary>Reads a JWT with <c>sub</c>, <c>aud</c> and <c>exp</c>. Returns null when the text is anything else.</summary>
    public static ServiceAccountToken? TryRead(string token)
    {
        if (token.Length > LongestToken)
            return null;
        var parts = token.Split('.', 4);
        if (parts is not [var header, var payload, var signature] || !IsEncoded(header) || !IsEncoded(payload) || !IsEncoded(signature))
            return null;
        try
        {
            using var algorithm = JsonDocument.Parse(Base64Url.DecodeFromChars(header), Strict);
            if (TextOf(algorithm.RootElement, "alg") is null or "none")
                return null;
            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(payload), Strict);
            return Read(claims.RootElement);
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            return null;
        }
    }

    private static ServiceAccountToken? Read(JsonElement claims)
    {
        if (TextOf(claims, "sub") is not { Length: > 0 } subject || AudiencesOf(claims) is not { } audiences)
            return null;
        return claims.TryGetProperty("exp", out var exp) && exp.ValueKind == JsonValueKind.Number && exp.TryGetInt64(out var seconds)
            && seconds > 0 && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
                ? new(subject, audiences, DateTimeOffset.FromUnixTimeSeconds(seconds))
                : null;
    }

    private static IReadOnlyList<string>? AudiencesOf(JsonElement claims)
    {
        if (TextOf(claims, "aud") is { } one)
            return [one];
        if (!claims.TryGetProperty("aud", out var many) || many.ValueKind != JsonValueKind.Array || many.GetArrayLength() > MostAudiences)
            return null;
        return many.EnumerateArray().All(a => a.ValueKind == JsonValueKind.String) ? [.. many.EnumerateArray().Select(a => a.GetString()!)] : null;
    }

    private static bool IsEncoded(string part) => part.Length > 0 && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    private static string? TextOf(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
