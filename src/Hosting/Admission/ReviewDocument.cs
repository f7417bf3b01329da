using System.Text.Json;
using Turnpike.Hosting.Client;

namespace Turnpike.Hosting.Admission;

/// <summary>Parses the body of a review, strictly: it accepts only what an API server sends.</summary>
internal static class ReviewDocument
{
    // A token takes about 12 bytes of a parsed document, whose memory grows by doubling.
    public const int BytesPerToken = 24;

    private const int Depth = 1000;
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = Depth, AllowDuplicateProperties = false };

    /// <summary>Counts the names, values and brackets of a body.</summary>
    /// <exception cref="FormatException">The body is not JSON, or has more of them than the limit.</exception>
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

    /// <exception cref="FormatException">The body is not JSON, or has a name twice in one object.</exception>
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

    /// <exception cref="FormatException">The document is not an AdmissionReview of a supported version.</exception>
    public static string VersionOf(JsonElement review)
    {
        var (version, kind) = (review.Text("apiVersion"), review.Text("kind"));
        if (version is "admission.k8s.io/v1" or "admission.k8s.io/v1beta1" && kind == "AdmissionReview")
            return version;
        throw new FormatException(
            $"not an AdmissionReview of admission.k8s.io/v1 or v1beta1 but \"{SafeText.Of(version, 64)}\" \"{SafeText.Of(kind, 64)}\"");
    }

    private static FormatException NotJson(JsonException e) => new($"the body is not JSON: {e.Message}", e);
}
