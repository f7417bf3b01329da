using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Turnpike.Pipeline;

namespace Turnpike.IngressProxy.AccessLog;

/// <summary>
/// Writes entries as lines. Only visible ASCII of a client's text is written as it is; blanks, quotes, backslashes and all other characters
/// are written as <c>\xNN</c> or <c>\uNNNN</c>, so that no request can end a line, forge a field or move a terminal's cursor.
/// </summary>
internal sealed class AccessLine(AccessLogFormat format) : IDisposable
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    private static readonly SearchValues<char> Plain =
        SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Select(c => (char)c).Except("\"\\")]);


    private static readonly SearchValues<byte> PlainBytes =
        SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Select(c => (byte)c).Except("\"\\"u8.ToArray())]);

    private readonly ArrayBufferWriter<byte> _buffer = new(16 * 1024);
    private readonly Utf8JsonWriter _json = new(Stream.Null, new JsonWriterOptions { SkipValidation = true });

    /// <summary>The lines that were written since <see cref="Clear"/>.</summary>
    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    public void Clear() => _buffer.ResetWrittenCount();

    /// <inheritdoc/>
    public void Dispose() => _json.Dispose();

    public void Write(in AccessEntry entry)
    {
        if (format == AccessLogFormat.Json)
            WriteJson(entry);
        else
            WriteText(entry);
    }

    /// <summary>Writes that lines are missing here.</summary>
    public void WriteGap(long dropped)
    {
        if (format == AccessLogFormat.Json)
        {
            _json.Reset(_buffer);
            _json.WriteStartObject();
            _json.WriteNumber("dropped", dropped);
            EndJson();
            return;
        }
        Append("access log: ");
        Append(dropped.ToString(CultureInfo.InvariantCulture));
        Append(" requests are left out here, since what reads this log is slow\n");
    }

    private void WriteText(in AccessEntry entry)
    {
        Append(entry.Time, TimeFormat);
        Append(" ");
        AppendEscaped(entry.Method);
        Append(" ");
        Append(entry.Scheme);
        Append("://");
        AppendEscaped(entry.Host);
        AppendEscaped(entry.Path);
        if (entry.HasQuery)
            Append("?...");
        Append(" ");
        if (entry.Status == 0)
            Append("-");
        else
            Append(entry.Status, default);
        Append(" ");
        Append(entry.Elapsed.TotalMilliseconds, new StandardFormat('F', 1));
        Append("ms");
        AppendField(" ingress=", entry.Ingress);
        AppendField(" rule=", entry.Rule);
        AppendField(" upstream=", entry.Upstream?.ToString());
        if (entry.Tries > 1)
        {
            Append(" tries=");
            Append(entry.Tries, default);
        }
        AppendField(" reason=", NameOf(entry.Reason));
        Append("\n");
    }

    private void WriteJson(in AccessEntry entry)
    {
        _json.Reset(_buffer);
        _json.WriteStartObject();
        Span<char> time = stackalloc char[32];
        entry.Time.UtcDateTime.TryFormat(time, out var length, TimeFormat, CultureInfo.InvariantCulture);
        _json.WriteString("time", time[..length]);
        WriteMember("method", entry.Method);
        _json.WriteString("scheme", entry.Scheme);
        var protocol = entry.Version switch { HttpGeneration.Http2 => "HTTP/2", HttpGeneration.Http10 => "HTTP/1.0", _ => "HTTP/1.1" };
        _json.WriteString("protocol", protocol);
        WriteMember("host", entry.Host);
        WriteMember("path", entry.Path);
        if (entry.HasQuery)
            _json.WriteBoolean("query", true);
        _json.WriteNumber("status", entry.Status);
        _json.WriteNumber("durationMs", Math.Round(entry.Elapsed.TotalMilliseconds, 3));
        WriteMember("ingress", entry.Ingress);
        WriteMember("rule", entry.Rule);
        WriteMember("upstream", entry.Upstream?.ToString());
        if (entry.Tries > 0)
            _json.WriteNumber("tries", entry.Tries);
        WriteMember("reason", NameOf(entry.Reason));
        EndJson();
    }

    private void WriteMember(string name, string? value)
    {
        if (value is not null)
            _json.WriteString(name, Escaped(value));
    }

    private void WriteMember(string name, ReadOnlySpan<byte> value)
    {
        if (IsPlain(value))
            _json.WriteString(name, value);
        else
            _json.WriteString(name, Escaped(Encoding.Latin1.GetString(value)));
    }

    private void EndJson()
    {
        _json.WriteEndObject();
        _json.Flush();
        Append("\n");
    }

    private void AppendField(string name, string? value)
    {
        if (value is null)
            return;
        Append(name);
        AppendEscaped(value);
    }

    private void Append(string text) => Encoding.UTF8.GetBytes(text, _buffer);

    private void AppendEscaped(string text) => Append(Escaped(text));

    private void AppendEscaped(ReadOnlySpan<byte> text)
    {
        if (IsPlain(text))
            _buffer.Write(text);
        else
            Append(Escaped(Encoding.Latin1.GetString(text)));
    }

    private static bool IsPlain(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept(PlainBytes);

    private void Append(DateTimeOffset time, string pattern)
    {
        var bytes = _buffer.GetSpan(32);
        time.UtcDateTime.TryFormat(bytes, out var length, pattern, CultureInfo.InvariantCulture);
        _buffer.Advance(length);
    }

    private void Append(int number, StandardFormat pattern)
    {
        Utf8Formatter.TryFormat(number, _buffer.GetSpan(16), out var length, pattern);
        _buffer.Advance(length);
    }

    private void Append(double number, StandardFormat pattern)
    {
        Utf8Formatter.TryFormat(number, _buffer.GetSpan(64), out var length, pattern);
        _buffer.Advance(length);
    }

    /// <summary>Returns the text with its special characters escaped. Nearly every text has none and is returned as it is.</summary>
    internal static string Escaped(string text)
    {
        var first = text.AsSpan().IndexOfAnyExcept(Plain);
        if (first < 0)
            return text;
        var escaped = new StringBuilder(text.Length + 16).Append(text, 0, first);
        foreach (var c in text.AsSpan(first))
        {
            if (Plain.Contains(c))
                escaped.Append(c);
            else if (c <= 0xff)
                escaped.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}");
            else
                escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }
        return escaped.ToString();
    }

    /// <summary>Returns the name from a table: names are part of the format, and those of the enumeration would need reflection.</summary>
    internal static string? NameOf(ReplyReason reason) => reason switch
    {
        ReplyReason.None => null,
        ReplyReason.NoRoute => "NoRoute",
        ReplyReason.NotServed => "NotServed",
        ReplyReason.Redirected => "Redirected",
        ReplyReason.DirectResponse => "DirectResponse",
        ReplyReason.Preflight => "Preflight",
        ReplyReason.WebSocketNotAllowed => "WebSocketNotAllowed",
        ReplyReason.FaultAbort => "FaultAbort",
        ReplyReason.NoHealthyUpstream => "NoHealthyUpstream",
        ReplyReason.UpstreamAuthorityMissing => "UpstreamAuthorityMissing",
        ReplyReason.UpstreamHandshakeFailed => "UpstreamHandshakeFailed",
        ReplyReason.UpstreamConnectFailed => "UpstreamConnectFailed",
        ReplyReason.UpstreamReset => "UpstreamReset",
        ReplyReason.UpstreamTimeout => "UpstreamTimeout",
        ReplyReason.UpstreamMalformed => "UpstreamMalformed",
        ReplyReason.Overloaded => "Overloaded",
        ReplyReason.InvalidRequest => "InvalidRequest",
        ReplyReason.RequestBodyFailed => "RequestBodyFailed",
        ReplyReason.ClientStalled => "ClientStalled",
        ReplyReason.ClientGone => "ClientGone",
        _ => "InternalError",
    };
}
