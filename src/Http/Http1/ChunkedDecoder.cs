namespace Turnpike.Http.Http1;

/// <summary>
/// Removes the chunked coding from a body (RFC 9112 §7.1). It is strict: lines end with CR LF, and extensions are checked and ignored.
/// Bytes may come in pieces of any size. One decoder serves one body after another.
/// </summary>
public sealed class ChunkedDecoder
{
    public const int MaxLine = 4096;
    public const int MaxTrailerBytes = 64 * 1024;
    public const int MaxTrailers = 1000;

    private readonly List<FieldRange> _trailers = [];
    private State _state;
    private long _left;
    private int _lineLength;
    private byte[] _trailerBytes = [];
    private int _trailerCount;
    private int _trailerLine;

    private enum State
    {
        SizeStart,
        Size,
        SizeBlank,
        Extension,
        SizeLineFeed,
        Data,
        DataCarriageReturn,
        DataLineFeed,
        Trailers,
        End,
        Broken,
    }

    /// <summary>The trailer fields as ranges of <see cref="TrailerBytes"/>. They are complete when the body is.</summary>
    public IReadOnlyList<FieldRange> Trailers => _trailers;

    public ReadOnlySpan<byte> TrailerBytes => _trailerBytes.AsSpan(0, _trailerCount);

    /// <summary>What is wrong with a body that is malformed; else null.</summary>
    public string? Fault { get; private set; }

    /// <summary>Starts with a new body.</summary>
    public void Begin()
    {
        _state = State.SizeStart;
        _trailers.Clear();
        _trailerBytes = [];
        _trailerCount = _trailerLine = 0;
        Fault = null;
    }

    /// <summary>
    /// Reads until there is a piece of the body, until the body ends, or until all bytes are read. Bytes beyond the end are not consumed.
    /// </summary>
    /// <param name="bytes">The bytes that come next.</param>
    /// <param name="consumed">The number of bytes that were read.</param>
    /// <param name="data">The piece of the body, when the result is <see cref="ParseStatus.Data"/>.</param>
    public ParseStatus Read(ReadOnlySpan<byte> bytes, out int consumed, out ReadOnlySpan<byte> data)
    {
        data = [];
        consumed = 0;
        while (consumed < bytes.Length && _state is not (State.End or State.Broken))
        {
            if (_state == State.Data)
            {
                data = bytes[consumed..(consumed + (int)Math.Min(_left, bytes.Length - consumed))];
                consumed += data.Length;
                _left -= data.Length;
                if (_left == 0)
                    _state = State.DataCarriageReturn;
                return ParseStatus.Data;
            }
            if (_state == State.Trailers)
                consumed += ReadTrailers(bytes[consumed..]);
            else
                Step(bytes[consumed++]);
        }
        return _state switch
        {
            State.End => ParseStatus.Complete,
            State.Broken => ParseStatus.Malformed,
            _ => ParseStatus.NeedMore,
        };
    }

    private void Step(byte next)
    {
        switch (_state)
        {
            case State.SizeStart when char.IsAsciiHexDigit((char)next):
                _lineLength = 1;
                _left = ValueOf(next);
                _state = State.Size;
                break;
            case State.Size when char.IsAsciiHexDigit((char)next):
                if (_left > long.MaxValue >> 4)
                {
                    Fail("the size of a chunk is too large a number");
                    break;
                }
                _left = (_left << 4) | (uint)ValueOf(next);
                CountLine();
                break;
            case State.Size or State.SizeBlank when next is (byte)' ' or (byte)'\t':
                _state = State.SizeBlank;
                CountLine();
                break;
            case State.Size or State.SizeBlank when next == ';':
                _state = State.Extension;
                CountLine();
                break;
            case State.Size or State.SizeBlank or State.Extension when next == '\r':
                _state = State.SizeLineFeed;
                break;
            case State.Extension when next is (byte)'\t' or (>= 0x20 and not 0x7f):
                CountLine();
                break;
            case State.SizeLineFeed when next == '\n':
                _state = _left == 0 ? State.Trailers : State.Data;
                break;
            case State.DataCarriageReturn when next == '\r':
                _state = State.DataLineFeed;
                break;
            case State.DataLineFeed when next == '\n':
                _state = State.SizeStart;
                break;
            default:
                Fail(_state is State.DataCarriageReturn or State.DataLineFeed
                    ? "a chunk does not end where its size says"
                    : "the line before a chunk is not a size");
                break;
        }
    }

    private void CountLine()
    {
        if (++_lineLength > MaxLine)
            Fail("the line before a chunk is longer than 4 KiB");
    }

    private int ReadTrailers(ReadOnlySpan<byte> bytes)
    {
        var lineFeed = bytes.IndexOf((byte)'\n');
        var taken = lineFeed < 0 ? bytes : bytes[..(lineFeed + 1)];
        // The empty line at the end counts too.
        if (_trailerCount + taken.Length > MaxTrailerBytes)
        {
            Fail("the trailers are larger than 64 KiB");
            return taken.Length;
        }
        if (_trailerCount + taken.Length > _trailerBytes.Length)
            Array.Resize(ref _trailerBytes, Math.Min(Math.Max(256, (_trailerCount + taken.Length) * 2), MaxTrailerBytes));
        taken.CopyTo(_trailerBytes.AsSpan(_trailerCount));
        _trailerCount += taken.Length;
        if (lineFeed >= 0)
            EndTrailerLine();
        return taken.Length;
    }

    private void EndTrailerLine()
    {
        var line = TrailerBytes[_trailerLine..];
        if (line is not [.., (byte)'\r', (byte)'\n'])
            Fail("a trailer ends with a bare line feed");
        else if (line.Length == 2)
            _state = State.End;
        else if (_trailers.Count == MaxTrailers)
            Fail("there are more than 1000 trailers");
        else if (FieldLine.Parse(line[..^2], _trailerLine, out var field) is { } fault)
            Fail(fault);
        else
            _trailers.Add(field);
        _trailerLine = _trailerCount;
    }

    private void Fail(string fault)
    {
        _state = State.Broken;
        Fault = fault;
    }

    private static int ValueOf(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
