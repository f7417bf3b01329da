using System.Text;

namespace Turnpike.Http.Http1;

/// <summary>How the end of a body is known (RFC 9112 §6.3).</summary>
public enum BodyFraming
{
    /// <summary>There is no body, whatever the header fields claim.</summary>
    None,

    /// <summary>The body has as many bytes as Content-Length says.</summary>
    Length,

    /// <summary>The body is chunked.</summary>
    Chunked,

    /// <summary>The body ends with the connection.</summary>
    UntilClose,
}

/// <summary>
/// Parses the head of a response strictly by RFC 9112. A single line feed ends a line too, as §2.2 allows; a fold, a bare carriage
/// return, a control character or contradictory framing makes the response malformed. One parser serves one head after another.
/// </summary>
public sealed class ResponseHeadParser
{
    public const int MaxBytes = 64 * 1024;
    public const int MaxFields = 1000;

    private FieldRange[] _fields = new FieldRange[16];
    private int _count;
    private int _next;
    private int _searched;
    private bool _hasStatusLine;
    private bool _toHead;
    private bool _asksForUpgrade;

    private static ReadOnlySpan<byte> Version => "HTTP/1."u8;

    public int Status { get; private set; }

    /// <summary>The second digit of the version: 0 or 1.</summary>
    public int MinorVersion { get; private set; }

    /// <summary>The length of the head in bytes, the empty line included.</summary>
    public int Length => _next;

    /// <summary>The header fields in their order, as ranges of the bytes that were parsed.</summary>
    public ReadOnlySpan<FieldRange> Fields => _fields.AsSpan(0, _count);

    public BodyFraming Framing { get; private set; }

    /// <summary>The value of Content-Length, whether there is a body or not; null when there is no such header.</summary>
    public long? ContentLength { get; private set; }

    /// <summary>True when the connection may carry another request after the body has ended.</summary>
    public bool KeepsAlive { get; private set; }

    /// <summary>What is wrong with a response that is malformed; else null.</summary>
    public string? Fault { get; private set; }

    /// <summary>True for an interim response, after which another head follows.</summary>
    public bool IsInterim => Status is >= 100 and < 200 and not 101;

    /// <summary>Starts with a new head.</summary>
    /// <param name="toHead">The request was a HEAD.</param>
    /// <param name="asksForUpgrade">The request asked for a WebSocket, so the response may have status 101.</param>
    public void Begin(bool toHead, bool asksForUpgrade)
    {
        _toHead = toHead;
        _asksForUpgrade = asksForUpgrade;
        _count = _next = _searched = 0;
        _hasStatusLine = false;
        Status = 0;
        ContentLength = null;
        Fault = null;
    }

    /// <summary>Parses the bytes that were not there at the last call.</summary>
    /// <param name="bytes">All bytes since the beginning of the head; those that were given before are the same.</param>
    public ParseStatus Parse(ReadOnlySpan<byte> bytes)
    {
        if (Fault is not null)
            return ParseStatus.Malformed;
        while (bytes[_searched..].IndexOf((byte)'\n') is >= 0 and var found)
        {
            var lineFeed = _searched + found;
            var line = bytes[_next..lineFeed];
            if (line is [.., (byte)'\r'])
                line = line[..^1];
            var start = _next;
            _next = _searched = lineFeed + 1;
            if (_next > MaxBytes)
                return Fail("the head is larger than 64 KiB");
            if (line.IsEmpty && _hasStatusLine)
                return Judge(bytes) is { } fault ? Fail(fault) : ParseStatus.Complete;
            if ((_hasStatusLine ? AddField(line, start) : ReadStatusLine(line)) is { } wrong)
                return Fail(wrong);
        }
        _searched = bytes.Length;
        if (!_hasStatusLine && !Version.StartsWith(bytes[..Math.Min(bytes.Length, Version.Length)]))
            return Fail("the status line is not one of HTTP/1");
        return bytes.Length >= MaxBytes ? Fail("the head is larger than 64 KiB") : ParseStatus.NeedMore;
    }

    private ParseStatus Fail(string fault)
    {
        Fault = fault;
        return ParseStatus.Malformed;
    }

    private string? ReadStatusLine(ReadOnlySpan<byte> line)
    {
        if (!line.StartsWith(Version) || line.Length < 12 || line[7] is not ((byte)'0' or (byte)'1') || line[8] != ' ')
            return "the status line is not one of HTTP/1";
        if (!HttpSyntax.TryParseContentLength(line[9..12], out var status) || !HttpSyntax.IsStatus((int)status)
            || (line.Length > 12 && line[12] != ' '))
        {
            return "the status is not a number from 100 to 599";
        }
        if (!HttpSyntax.IsFieldValue(line[12..].Trim((byte)' ')))
            return "the status line has a control character";
        MinorVersion = line[7] - '0';
        Status = (int)status;
        _hasStatusLine = true;
        return null;
    }

    private string? AddField(ReadOnlySpan<byte> line, int start)
    {
        if (_count == MaxFields)
            return "there are more than 1000 headers";
        if (FieldLine.Parse(line, start, out var field) is { } fault)
            return fault;
        if (_count == _fields.Length)
            Array.Resize(ref _fields, Math.Min(_count * 2, MaxFields));
        _fields[_count++] = field;
        return null;
    }

    /// <summary>Finds out where the body ends; returns what is wrong with the framing, or null.</summary>
    private string? Judge(ReadOnlySpan<byte> bytes)
    {
        var chunked = false;
        var close = false;
        var keepAlive = false;
        var upgrades = false;
        foreach (ref readonly var field in Fields)
        {
            var name = field.NameIn(bytes);
            var value = field.ValueIn(bytes);
            if (Ascii.EqualsIgnoreCase(name, "content-length"u8))
            {
                if (!HttpSyntax.TryParseContentLength(value, out var length))
                    return "Content-Length is not a number";
                if (ContentLength is { } other && other != length)
                    return "there are two different Content-Length";
                ContentLength = length;
            }
            else if (Ascii.EqualsIgnoreCase(name, "transfer-encoding"u8))
            {
                if (chunked || !Ascii.EqualsIgnoreCase(value, "chunked"u8))
                    return "Transfer-Encoding is not chunked alone";
                chunked = true;
            }
            else if (Ascii.EqualsIgnoreCase(name, "connection"u8))
            {
                close |= HasToken(value, "close"u8);
                keepAlive |= HasToken(value, "keep-alive"u8);
            }
            else if (Ascii.EqualsIgnoreCase(name, "upgrade"u8))
            {
                upgrades |= HasToken(value, "websocket"u8);
            }
        }
        if (chunked && ContentLength is not null)
            return "there are both Content-Length and Transfer-Encoding";
        if (chunked && MinorVersion == 0)
            return "HTTP/1.0 has no Transfer-Encoding";
        if (Status == 101 && !(_asksForUpgrade && upgrades))
            return "status 101 switches to a protocol that was not asked for";
        Framing = _toHead || Status is < 200 or 204 or 304 ? BodyFraming.None
            : chunked ? BodyFraming.Chunked
            : ContentLength is not null ? BodyFraming.Length
            : BodyFraming.UntilClose;
        KeepsAlive = !close && (MinorVersion == 1 || keepAlive) && Framing != BodyFraming.UntilClose && Status != 101;
        return null;
    }

    private static bool HasToken(ReadOnlySpan<byte> list, ReadOnlySpan<byte> token)
    {
        foreach (var part in list.Split((byte)','))
        {
            if (Ascii.EqualsIgnoreCase(list[part].Trim(" \t"u8), token))
                return true;
        }
        return false;
    }
}
