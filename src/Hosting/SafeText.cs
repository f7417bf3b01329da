using System.Globalization;
using System.Text;

namespace Turnpike.Hosting;

/// <summary>
/// Makes text from outside safe for logs, statuses and messages: bounded, on one line, and without characters that control a terminal.
/// </summary>
public static class SafeText
{
    /// <summary>The most characters that are kept by default.</summary>
    public const int DefaultLength = 256;

    /// <summary>
    /// Returns the text with control and format characters, line separators and lone surrogates written as <c>\u{…}</c>, and backslashes
    /// doubled. Beyond <paramref name="length"/> characters it is cut off, and the end gives the original length.
    /// </summary>
    public static string Of(string? text, int length = DefaultLength)
    {
        if (string.IsNullOrEmpty(text))
            return "";
        if (text.Length <= length && !NeedsEscape(text))
            return text;
        var safe = new StringBuilder(Math.Min(text.Length, length) + 32);
        var at = 0;
        while (at < text.Length && safe.Length < length)
        {
            var status = Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var consumed);
            if (status != System.Buffers.OperationStatus.Done)
                Escape(safe, text[at]);
            else if (rune.Value == '\\')
                safe.Append(@"\\");
            else if (IsUnsafe(rune))
                Escape(safe, rune.Value);
            else
                safe.Append(text, at, consumed);
            at += consumed;
        }
        if (at < text.Length)
            safe.Append(CultureInfo.InvariantCulture, $"… ({text.Length} characters)");
        return safe.ToString();
    }

    /// <summary>Describes an exception for the log: the type and the safe message of each inner exception, and the stack trace.</summary>
    public static string Of(Exception exception)
    {
        var safe = new StringBuilder();
        for (var e = exception; e is not null && safe.Length < 4096; e = e.InnerException)
            safe.Append(safe.Length == 0 ? "" : " <- ").Append(e.GetType().Name).Append(": ").Append(Of(e.Message));
        foreach (var line in (exception.StackTrace ?? "").Split('\n', 12).Take(11))
            safe.Append(' ').Append(line.Trim());
        return safe.ToString();
    }

    private static bool NeedsEscape(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value == '\\' || rune == Rune.ReplacementChar || IsUnsafe(rune))
                return true;
        }
        return false;
    }

    private static bool IsUnsafe(Rune rune) => Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or
        UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;

    private static void Escape(StringBuilder safe, int value) => safe.Append(CultureInfo.InvariantCulture, $"\\u{{{value:X2}}}");
}
