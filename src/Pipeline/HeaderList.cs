using System.Globalization;
using System.Text;
using Turnpike.Http;
using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>One header line. It refers to the bytes of its list.</summary>
internal readonly ref struct Header(KnownHeader known, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
{
    /// <summary>The number of the name; <see cref="KnownHeader.None"/> when it has none.</summary>
    public KnownHeader Known { get; } = known;

    /// <summary>The name in the case that it came in.</summary>
    public ReadOnlySpan<byte> Name { get; } = name;

    public ReadOnlySpan<byte> Value { get; } = value;

    /// <summary>The name as text.</summary>
    public string NameText => KnownHeaders.TextOf(Known, Name);

    /// <summary>The value as text, with a character for each byte.</summary>
    public string ValueText => Encoding.Latin1.GetString(Value);
}

/// <summary>
/// The headers of one message as bytes, in the order in which they came, with a line for each value. Names compare without regard to case
/// and keep the case that they came in. The list is made to be cleared and filled again. A value that was handed out may be used until the
/// list is cleared.
/// </summary>
internal sealed class HeaderList
{
    private const int FirstCount = 16;

    private readonly HeadBuffer _buffer;
    private readonly bool _ownsBuffer;
    private Entry[] _entries = new Entry[FirstCount];
    private int _count;
    private CombinedLines[] _combined = [];
    private int _combinedCount;

    /// <summary>Makes a list with a buffer of its own.</summary>
    public HeaderList()
        : this(new HeadBuffer()) => _ownsBuffer = true;

    /// <param name="buffer">The buffer of the head that the list is a part of. The head clears it.</param>
    public HeaderList(HeadBuffer buffer) => _buffer = buffer;

    public int Count => _count;

    public Header this[int index]
    {
        get
        {
            ref readonly var entry = ref _entries[index];
            return new Header(entry.Known, _buffer[entry.Name], _buffer[entry.Value]);
        }
    }

    public Enumerator GetEnumerator() => new(this);

    /// <summary>Adds a line whose name has a number.</summary>
    public void Add(KnownHeader known, ReadOnlySpan<byte> value) => Add(known, KnownHeaders.NameOf(known), value);

    /// <summary>Adds a line whose name has a number and whose value is a number.</summary>
    public void Add(KnownHeader known, long value)
    {
        Span<byte> digits = stackalloc byte[20];
        value.TryFormat(digits, out var length, default, CultureInfo.InvariantCulture);
        Add(known, digits[..length]);
    }

    /// <summary>Adds a line whose name has a number, with room for its value, which the caller fills.</summary>
    public Span<byte> Add(KnownHeader known, int valueLength)
    {
        var name = _buffer.Add(KnownHeaders.NameOf(known));
        var room = _buffer.Add(valueLength, out var value);
        Add(new Entry(known, name, value));
        return room;
    }

    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Add(KnownHeaders.Of(name), name, value);

    /// <summary>Adds a line as it is in another list.</summary>
    public void Add(Header header) => Add(header.Known, header.Name, header.Value);

    /// <summary>Adds a line that the table or a library has as text, with a character for each byte of the wire.</summary>
    public void Add(string name, string value)
    {
        var range = _buffer.Add(name);
        Add(new Entry(KnownHeaders.Of(_buffer[range]), range, _buffer.Add(value)));
    }

    /// <summary>Replaces every line of the name by one.</summary>
    public void Set(KnownHeader known, ReadOnlySpan<byte> value)
    {
        Remove(known);
        Add(known, value);
    }

    /// <summary>Replaces every line of the name by one whose value is a number.</summary>
    public void Set(KnownHeader known, long value)
    {
        Remove(known);
        Add(known, value);
    }

    /// <summary>Replaces every line of the name by one as it is in another list.</summary>
    public void Set(Header header)
    {
        Remove(header.Known, header.Name);
        Add(header);
    }

    public void Remove(scoped in HeaderName name) => Remove(name.Known, name.LowerCase);

    public void Clear()
    {
        _count = 0;
        _combinedCount = 0;
        // A head of many lines is rare, and room for them is not kept.
        if (_entries.Length > FirstCount * 4)
            _entries = new Entry[FirstCount];
        if (_ownsBuffer)
            _buffer.Clear();
    }

    public void CopyTo(HeaderList target)
    {
        foreach (var header in this)
            target.Add(header);
    }

    public bool Contains(scoped in HeaderName name) => IndexOf(name.Known, name.LowerCase, 0) >= 0;

    /// <summary>Returns true, and the value of the first line of the name, when there is one.</summary>
    public bool TryGetFirst(scoped in HeaderName name, out ReadOnlySpan<byte> value)
    {
        var index = IndexOf(name.Known, name.LowerCase, 0);
        value = index < 0 ? default : _buffer[_entries[index].Value];
        return index >= 0;
    }

    /// <summary>
    /// Returns true, and all values of the name as one, when there are any. They are joined as HTTP lets a recipient join them (RFC 9110
    /// §5.3, cookies RFC 6265 §5.4), once for each name however often it is asked for. A single value is not copied.
    /// </summary>
    public bool TryCombine(scoped in HeaderName name, out ReadOnlySpan<byte> value)
    {
        var first = IndexOf(name.Known, name.LowerCase, 0);
        if (first < 0)
        {
            value = default;
            return false;
        }
        var isOne = IndexOf(name.Known, name.LowerCase, first + 1) < 0;
        value = _buffer[isOne ? _entries[first].Value : Combine(name, first)];
        return true;
    }

    /// <summary>Returns true when the comma-separated values of the name contain <paramref name="token"/>.</summary>
    public bool HasToken(scoped in HeaderName name, ReadOnlySpan<byte> token)
    {
        for (var i = IndexOf(name.Known, name.LowerCase, 0); i >= 0; i = IndexOf(name.Known, name.LowerCase, i + 1))
        {
            if (ListContains(_buffer[_entries[i].Value], token))
                return true;
        }
        return false;
    }

    public static bool ListContains(ReadOnlySpan<byte> list, ReadOnlySpan<byte> token)
    {
        foreach (var part in list.Split((byte)','))
        {
            if (Ascii.EqualsIgnoreCase(list[part].Trim(" \t"u8), token))
                return true;
        }
        return false;
    }

    private void Add(KnownHeader known, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var nameRange = _buffer.Add(name);
        Add(new Entry(known, nameRange, _buffer.Add(value)));
    }

    private void Add(Entry entry)
    {
        _combinedCount = 0;
        if (_count == _entries.Length)
            Array.Resize(ref _entries, _count * 2);
        _entries[_count++] = entry;
    }

    private void Remove(KnownHeader known, ReadOnlySpan<byte> name)
    {
        _combinedCount = 0;
        var kept = 0;
        for (var i = 0; i < _count; i++)
        {
            if (!Is(_entries[i], known, name))
                _entries[kept++] = _entries[i];
        }
        _count = kept;
    }

    private int IndexOf(KnownHeader known, ReadOnlySpan<byte> name, int from)
    {
        for (var i = from; i < _count; i++)
        {
            if (Is(_entries[i], known, name))
                return i;
        }
        return -1;
    }

    private bool Is(in Entry entry, KnownHeader known, ReadOnlySpan<byte> name) =>
        entry.Known == known && (known != KnownHeader.None || Ascii.EqualsIgnoreCase(_buffer[entry.Name], name));

    private HeadRange Combine(scoped in HeaderName name, int first)
    {
        foreach (ref readonly var known in _combined.AsSpan(0, _combinedCount))
        {
            if (known.First == first)
                return known.Value;
        }
        var separator = name.Known == KnownHeader.Cookie ? "; "u8 : ", "u8;
        // All lines are joined at once, because a client may send a thousand of them.
        var length = -separator.Length;
        for (var i = first; i >= 0; i = IndexOf(name.Known, name.LowerCase, i + 1))
            length += _entries[i].Value.Length + separator.Length;
        var room = _buffer.Add(length, out var range);
        for (var i = first; i >= 0; i = IndexOf(name.Known, name.LowerCase, i + 1))
        {
            if (i > first)
            {
                separator.CopyTo(room);
                room = room[separator.Length..];
            }
            _buffer[_entries[i].Value].CopyTo(room);
            room = room[_entries[i].Value.Length..];
        }
        if (_combinedCount == _combined.Length)
            Array.Resize(ref _combined, Math.Max(4, _combinedCount * 2));
        _combined[_combinedCount++] = new CombinedLines(first, range);
        return range;
    }

    private readonly record struct Entry(KnownHeader Known, HeadRange Name, HeadRange Value);

    /// <param name="First">The index of the first line of the name.</param>
    /// <param name="Value">All values of the name as one.</param>
    private readonly record struct CombinedLines(int First, HeadRange Value);

    public ref struct Enumerator(HeaderList list)
    {
        private int _index = -1;

        public readonly Header Current => list[_index];

        public bool MoveNext() => ++_index < list._count;
    }
}

/// <summary>Shows a list to the matcher without copying it.</summary>
internal readonly struct HeaderView(HeaderList headers) : IRequestHeaders
{
    /// <inheritdoc/>
    public bool TryCombine(scoped in HeaderName name, out ReadOnlySpan<byte> value) => headers.TryCombine(name, out value);
}
