using System.Buffers;
using Turnpike.Http;

namespace Turnpike.Pipeline;

/// <summary>The place of a text in a <see cref="HeadBuffer"/>.</summary>
internal readonly record struct HeadRange(int Start, int Length);

/// <summary>
/// The bytes of a message head. They are in one buffer, which comes from the shared pool with the first byte and goes back there when the
/// head is cleared, so that an idle connection holds none. What was handed out stays as it is until then, however much is added.
/// </summary>
internal sealed class HeadBuffer
{
    private const int FirstLength = 2048;

    private byte[] _bytes = [];
    private int _length;

    public ReadOnlySpan<byte> this[HeadRange range] => _bytes.AsSpan(range.Start, range.Length);

    /// <summary>Makes room for a text, which the caller fills.</summary>
    public Span<byte> Add(int length, out HeadRange range)
    {
        if (_bytes.Length - _length < length)
            Grow(length);
        range = new HeadRange(_length, length);
        _length += length;
        return _bytes.AsSpan(range.Start, length);
    }

    public HeadRange Add(ReadOnlySpan<byte> text)
    {
        text.CopyTo(Add(text.Length, out var range));
        return range;
    }

    /// <summary>Adds a text in which each character is a byte of the wire, as <see cref="WireText"/> has it.</summary>
    public HeadRange Add(string text)
    {
        WireText.Encoding.GetBytes(text, Add(text.Length, out var range));
        return range;
    }

    /// <summary>Forgets everything, after which nothing that was handed out may be used.</summary>
    public void Clear()
    {
        _length = 0;
        if (_bytes.Length == 0)
            return;
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    private void Grow(int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(FirstLength, Math.Max(_bytes.Length * 2, _length + length)));
        _bytes.AsSpan(0, _length).CopyTo(larger);
        // The smaller array does not go back to the pool, because a caller may still be reading a text in it.
        _bytes = larger;
    }
}
