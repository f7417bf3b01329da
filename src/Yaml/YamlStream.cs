using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Turnpike.Yaml;

/// <summary>The text of one document and its place in the stream. Lines are counted from 1.</summary>
internal sealed record YamlSource(string Text, int FirstLine, int ContentLine);

/// <summary>Splits a stream into documents, whose concatenated texts are the stream.</summary>
internal static class YamlStream
{
    private static readonly SearchValues<char> LineBreaks = SearchValues.Create("\r\n");

    public static List<YamlSource> Split(string text)
    {
        var sources = new List<YamlSource>();
        var start = 0;
        var startLine = 1;
        var contentLine = 0;
        var marker = 0;
        var line = 1;
        for (var position = 0; position < text.Length; line++)
        {
            var next = NextLine(text, position);
            var content = text.AsSpan(position, next - position).TrimEnd("\r\n");
            if (position == 0)
                content = content.TrimStart('\uFEFF');
            if (IsMarker(content, "---"))
            {
                if (marker > 0 || contentLine > 0)
                    Close(position, line);
                marker = line;
                if (!content[3..].TrimStart(" \t").IsEmpty && content[3..].TrimStart(" \t")[0] != '#')
                    contentLine = line;
            }
            else if (IsMarker(content, "..."))
            {
                if (marker > 0 || contentLine > 0)
                    Close(next, line + 1);
            }
            else if (contentLine == 0 && !IsPrologue(content, marker > 0))
            {
                contentLine = line;
            }
            position = next;
        }
        if (marker > 0 || contentLine > 0 || (sources.Count == 0 && text.Length > 0))
            Close(text.Length, line);
        else if (start < text.Length)
            sources[^1] = sources[^1] with { Text = string.Concat(sources[^1].Text, text.AsSpan(start)) };
        return sources;

        void Close(int end, int nextLine)
        {
            var shownLine = contentLine > 0 ? contentLine : Math.Max(marker, startLine);
            AddJsonStream(sources, text[start..end], startLine, shownLine, marker > 0);
            (start, startLine, contentLine, marker) = (end, nextLine, 0, 0);
        }
    }

    /// <summary>Returns the position after the line break that ends the line at <paramref name="position"/>.</summary>
    internal static int NextLine(string text, int position)
    {
        var length = text.AsSpan(position).IndexOfAny(LineBreaks);
        if (length < 0)
            return text.Length;
        var end = position + length;
        return text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? end + 2 : end + 1;
    }

    private static bool IsMarker(ReadOnlySpan<char> line, string marker) =>
        line.StartsWith(marker, StringComparison.Ordinal) && (line.Length == 3 || line[3] is ' ' or '\t');

    private static bool IsPrologue(ReadOnlySpan<char> line, bool marked)
    {
        var trimmed = line.TrimStart(" \t");
        return trimmed.IsEmpty || trimmed[0] == '#' || (!marked && line[0] == '%');
    }

    /// <summary>Adds one document, or several where JSON objects follow each other, as <c>jq</c> prints them.</summary>
    private static void AddJsonStream(List<YamlSource> sources, string text, int firstLine, int contentLine, bool marked)
    {
        while (!marked && JsonObjectEnd(text) is var end and > 0)
        {
            var rest = text.AsSpan(end).TrimStart(" \t\r\n");
            if (rest.IsEmpty || rest[0] != '{' || !IsJson(text[..end]))
                break;
            sources.Add(new YamlSource(text[..end], firstLine, contentLine));
            contentLine = firstLine + CountLines(text.AsSpan(0, text.Length - rest.Length));
            firstLine += CountLines(text.AsSpan(0, end));
            text = text[end..];
        }
        sources.Add(new YamlSource(text, firstLine, contentLine));
    }

    private static int CountLines(ReadOnlySpan<char> text) => text.Count('\n') + text.Count('\r') - text.Count("\r\n");

    /// <summary>Returns the position after the JSON object that the text begins with, or 0 if it begins with none.</summary>
    private static int JsonObjectEnd(string text)
    {
        var position = text.AsSpan().IndexOfAnyExcept(" \t\r\n\uFEFF");
        if (position < 0 || text[position] != '{')
            return 0;
        var depth = 0;
        for (var quoted = false; position < text.Length; position++)
        {
            switch (text[position])
            {
                case '\\' when quoted:
                    position++;
                    break;
                case '"':
                    quoted = !quoted;
                    break;
                case '{' when !quoted:
                    depth++;
                    break;
                case '}' when !quoted && --depth == 0:
                    return position + 1;
            }
        }
        return 0;
    }

    private static bool IsJson(string text)
    {
        try
        {
            var bytes = Encoding.UTF8.GetBytes(text.TrimStart('\uFEFF'));
            var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = YamlText.MaxDepth });
            while (reader.Read())
            {
            }
            return true;
        }
        catch (Exception fault) when (fault is JsonException or ArgumentException)
        {
            return false;
        }
    }
}
