using System.Text.Json;
using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Admission;

/// <summary>Takes a body apart, as far as it is what an API server sends.</summary>
internal static class ReviewDocument
{
    // A token takes some 12 bytes of a parsed document, which grows by doubling.
    public const int BytesPerToken = 24;

    private const int Depth = 1000;
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = Depth, AllowDuplicateProperties = false };

    /// <summary>How many names, values and brackets there are.</summary>
    /// <exception cref="FormatException">It is no JSON, or there are more than so many.</exception>
    public static int CountTokens(ReadOnlySpan<byte> body, int limit)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = Depth });
        var count = 0;
        try
        {
            while (reader.Read())
            {
                if (++count > limit)
                    throw new FormatException($"the body has more than {limit} names, values and brackets");
            }
            return count;
        }
        catch (JsonException e)
        {
            throw NotJson(e);
        }
    }

    /// <exception cref="FormatException">It is no JSON, or has a name twice in one object.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body, Strict);
        }
        catch (JsonException e)
        {
            throw NotJson(e);
        }
    }

    /// <exception cref="FormatException">It is no AdmissionReview of a version that is known here.</exception>
    public static string VersionOf(JsonElement review)
    {
        var version = review.Text("apiVersion");
        return version is "admission.k8s.io/v1" or "admission.k8s.io/v1beta1" && review.Text("kind") == "AdmissionReview"
            ? version
            : throw new FormatException(
                $"not an AdmissionReview of admission.k8s.io/v1 or v1beta1 but \"{SafeText.Of(version, 64)}\" \"{SafeText.Of(review.Text("kind"), 64)}\"");
    }

    private static FormatException NotJson(JsonException e) => new($"the body is not JSON: {e.Message}", e);
}
