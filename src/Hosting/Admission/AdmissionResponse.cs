using System.Buffers;
using System.Text.Json;

namespace Turnpike.Hosting.Admission;

/// <summary>What is answered: yes, no, or yes with changes; and what the user is told besides.</summary>
public sealed record AdmissionResponse
{
    private const int LongestWarning = 256;
    private const int MostWarnings = 64;

    // Of a refusal: enough for every fault of an object, little for one that quotes megabytes.
    private const int LongestMessage = 32 * 1024;

    private AdmissionResponse()
    {
    }

    public bool IsAllowed { get; private init; }

    /// <summary>Why not.</summary>
    public string Message { get; private init; } = "";

    public int Code { get; private init; }

    public string Reason { get; private init; } = "";

    /// <summary>RFC 6902 operations; empty for none.</summary>
    public ReadOnlyMemory<byte> Patch { get; private init; }

    /// <summary>Shown by kubectl, one line each.</summary>
    public IReadOnlyList<string> Warnings { get; private init; } = [];

    public static AdmissionResponse Allowed() => new() { IsAllowed = true };

    /// <param name="message">All that is wrong.</param>
    /// <param name="code">The HTTP status that the user gets.</param>
    /// <param name="reason">The word that goes with it.</param>
    public static AdmissionResponse Denied(string message, int code = 403, string reason = "Forbidden") =>
        new() { Message = message.Length <= LongestMessage ? message : message[..LongestMessage] + "…", Code = code, Reason = reason };

    /// <param name="patch">A JSON array of RFC 6902 operations.</param>
    public static AdmissionResponse Patched(ReadOnlyMemory<byte> patch) => new() { IsAllowed = true, Patch = patch };

    /// <summary>The same answer with more to tell.</summary>
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

    /// <summary>Warnings travel in a header: the server drops those with line breaks and cuts long ones without saying so.</summary>
    private static string OneLine(string warning)
    {
        var line = string.Join(' ', warning.Split(['\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        return line.Length <= LongestWarning ? line : string.Concat(line.AsSpan(0, LongestWarning - 1), "…");
    }
}
