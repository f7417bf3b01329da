using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Turnpike.Cli;

/// <summary>JSON as the commands print it.</summary>
internal static class JsonOutput
{
    // The text goes to a terminal or a JSON reader, never into HTML, so that the relaxed encoder is safe.
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Write(JsonObject json) => json.ToJsonString(Indented) + "\n";
}
