using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Turnpike.Hosting.Client;

/// <summary>One fault that the API server found in an object.</summary>
/// <param name="Field">The field's path, such as <c>spec.route[0].weight</c>; empty when the API server names none.</param>
/// <param name="Message">What is wrong with the field.</param>
public sealed record KubeStatusCause(string Field, string Message);

/// <summary>The API server refused a request.</summary>
public sealed class KubeStatusException(int code, string reason, string message, TimeSpan? retryAfter = null)
    : Exception(string.Create(CultureInfo.InvariantCulture, $"{code} {reason}: {message}"))
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    /// <summary>The HTTP status, or the code in the ERROR event of a watch.</summary>
    public int Code => code;

    /// <summary>The machine-readable reason, such as <c>Conflict</c> or <c>AlreadyExists</c>.</summary>
    public string Reason => reason;

    /// <summary>The API server's message, without code and reason.</summary>
    public string ServerMessage => message;

    /// <summary>The individual faults that the message sums up; may be empty.</summary>
    public IReadOnlyList<KubeStatusCause> Causes { get; private init; } = [];

    /// <summary>How long the API server asks the client to wait, at most five minutes.</summary>
    public TimeSpan? RetryAfter => retryAfter;

    public bool IsNotFound => code == 404;

    /// <summary>The object has changed since it was read, or already exists.</summary>
    public bool IsConflict => code == 409;

    /// <summary>The resourceVersion or continue token is no longer in the server's history, so a new list is needed.</summary>
    public bool IsExpired => code == 410;

    /// <summary>Reads a <c>Status</c> object. Any other body becomes the message.</summary>
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
            // A proxy between this client and the API server may send an error of another form.
        }

        return new(code, "Unknown", body.Trim(), Bounded(wait));
    }

    internal static KubeStatusException FromStatus(JsonElement status, int code = 0, TimeSpan? retryAfter = null)
    {
        var details = status.Child("details");
        if (details is { } known && Number(known, "retryAfterSeconds") is { } seconds)
            retryAfter ??= TimeSpan.FromSeconds(seconds);
        return new(Number(status, "code") ?? code, status.Text("reason") ?? "Unknown", status.Text("message") ?? "", Bounded(retryAfter))
        {
            Causes = details?.Child("causes") is { ValueKind: JsonValueKind.Array } causes
                ? [.. causes.EnumerateArray().Select(cause => new KubeStatusCause(cause.Text("field") ?? "", cause.Text("message") ?? ""))]
                : [],
        };
    }

    private static int? Number(JsonElement element, string name) =>
        element.Child(name) is { ValueKind: JsonValueKind.Number } child && child.TryGetInt32(out var number) ? number : null;

    private static TimeSpan? Bounded(TimeSpan? wait) =>
        wait is { } asked ? TimeSpan.FromTicks(Math.Clamp(asked.Ticks, 0, LongestWait.Ticks)) : null;
}
