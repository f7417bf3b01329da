using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Turnpike.Hosting.Client;

/// <summary>One fault that the API server found in an object.</summary>
/// <param name="Field">Where, such as <c>spec.route[0].weight</c>; empty where the server does not say.</param>
/// <param name="Message">What.</param>
public sealed record KubeStatusCause(string Field, string Message);

/// <summary>The API server answered, and the answer was no.</summary>
public sealed class KubeStatusException(int code, string reason, string message, TimeSpan? retryAfter = null)
    : Exception(string.Create(CultureInfo.InvariantCulture, $"{code} {reason}: {message}"))
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    /// <summary>The HTTP status, or the code within a watch's ERROR event.</summary>
    public int Code => code;

    /// <summary>The machine-readable word, such as <c>Conflict</c> or <c>AlreadyExists</c>.</summary>
    public string Reason => reason;

    /// <summary>What the server said, and nothing else.</summary>
    public string ServerMessage => message;

    /// <summary>The single faults that the message sums up; may be empty.</summary>
    public IReadOnlyList<KubeStatusCause> Causes { get; private init; } = [];

    /// <summary>How long the server asks to be left alone, within reason.</summary>
    public TimeSpan? RetryAfter => retryAfter;

    public bool IsNotFound => code == 404;

    /// <summary>The object changed since it was read, or exists already.</summary>
    public bool IsConflict => code == 409;

    /// <summary>The resourceVersion (or continue token) is no longer in the server's history: list again.</summary>
    public bool IsExpired => code == 410;

    /// <summary>Reads a <c>Status</c> object; a body that is none becomes the message.</summary>
    internal static KubeStatusException From(int code, string body, RetryConditionHeaderValue? retryAfter, DateTimeOffset now)
    {
        var wait = retryAfter?.Delta ?? (retryAfter?.Date is { } date ? date - now : null);
        try
        {
            var status = JsonElement.Parse(body);
            if (status.ValueKind == JsonValueKind.Object && status.Text("kind") == "Status")
                return FromStatus(status, code, wait);
        }
        catch (JsonException)
        {
            // Not every proxy in between speaks Status.
        }

        return new(code, "Unknown", body.Trim(), Sensible(wait));
    }

    internal static KubeStatusException FromStatus(JsonElement status, int code = 0, TimeSpan? retryAfter = null)
    {
        var details = status.Child("details");
        if (details is { } known && Number(known, "retryAfterSeconds") is { } seconds)
            retryAfter ??= TimeSpan.FromSeconds(seconds);
        return new(Number(status, "code") ?? code, status.Text("reason") ?? "Unknown", status.Text("message") ?? "", Sensible(retryAfter))
        {
            Causes = details?.Child("causes") is { ValueKind: JsonValueKind.Array } causes
                ? [.. causes.EnumerateArray().Select(cause => new KubeStatusCause(cause.Text("field") ?? "", cause.Text("message") ?? ""))]
                : [],
        };
    }

    private static int? Number(JsonElement element, string name) =>
        element.Child(name) is { ValueKind: JsonValueKind.Number } child && child.TryGetInt32(out var number) ? number : null;

    private static TimeSpan? Sensible(TimeSpan? wait) =>
        wait is { } asked ? TimeSpan.FromTicks(Math.Clamp(asked.Ticks, 0, LongestWait.Ticks)) : null;
}
