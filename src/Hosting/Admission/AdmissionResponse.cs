using System.Buffers;
using System.Text.Json;

namespace Turnpike.Hosting.Admission;

/// <summary>A decision: allowed, denied, or allowed with a patch; and warnings for the user.</summary>
public sealed record AdmissionResponse
{
    private const int LongestWarning = 256;
    private const int MostWarnings = 64;

    // The message of a denial has room for every fault of an object, and bounds one that quotes megabytes.
    private const int LongestMessage = 32 * 1024;

    private AdmissionResponse()
    {
    }

    public bool IsAllowed { get; private init; }

    /// <summary>Why the request is denied; empty when it is allowed.</summary>
    public string Message { get; private init; } = "";

    public int Code { get; private init; }

    public string Reason { get; private init; } = "";

    /// <summary>The patch, a JSON array of RFC 6902 operations; empty when there is none.</summary>
    public ReadOnlyMemory<byte> Patch { get; private init; }

    /// <summary>Warnings that kubectl prints, one line each.</summary>
    public IReadOnlyList<string> Warnings { get; private init; } = [];

    public static AdmissionResponse Allowed() => new() { IsAllowed = true };

    /// <param name="message">All faults of the object.</param>
    /// <param name="code">The HTTP status that the user gets.</param>
    /// <param name="reason">The machine-readable reason that belongs to the code.</param>
    public static AdmissionResponse Denied(string message, int code = 403, string reason = "Forbidden") =>
        new() { Message = message.Length <= LongestMessage ? message : message[..LongestMessage] + "…", Code = code, Reason = reason };

    /// <param name="patch">A JSON array of RFC 6902 operations.</param>
    public static AdmissionResponse Patched(ReadOnlyMemory<byte> patch) => new() { IsAllowed = true, Patch = patch };

    /// <summary>Returns the same decision with more warnings.</summary>
    public AdmissionResponse With(params IEnumerable<string> warnings) =>
        this with { Warnings = [.. Warnings.Concat(warnings.Select(OneLine)).Take(MostWarnings)] };

    internal void Write(IBufferWriter<byte> output, string apiVersion, string uid)
    {
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        writer.WriteString("apiVersion", apiVersion);
        writer.WriteString("kind", "AdmissionReview");
        writer.WriteStartObject("response");
        writer.WriteString("uid", uid);
        writer.WriteBoolean("allowed", IsAllowed);
        if (!IsAllowed)
        {
            writer.WriteStartObject("status");
            writer.WriteString("status", "Failure");
            writer.WriteString("message", Message);
            writer.WriteString("reason", Reason);
            writer.WriteNumber("code", Code);
            writer.WriteEndObject();
        }

        if (!Patch.IsEmpty)
        {
            writer.WriteString("patchType", "JSONPatch");
            writer.WriteBase64String("patch", Patch.Span);
        }

        if (Warnings.Count > 0)
        {
            writer.WriteStartArray("warnings");
            foreach (var warning in Warnings)
                writer.WriteStringValue(warning);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    /// <summary>
    /// Makes a warning fit for the header in which it travels. The API server drops warnings with line breaks and silently cuts long ones.
    /// </summary>
    private static string OneLine(string warning)
    {
        const StringSplitOptions Options = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        var line = string.Join(' ', warning.Split(['\r', '\n', '\t'], Options));
        return line.Length <= LongestWarning ? line : string.Concat(line.AsSpan(0, LongestWarning - 1), "…");
    }
}
