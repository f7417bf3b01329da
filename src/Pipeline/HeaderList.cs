using System.Text;
using Turnpike.Http;
using Turnpike.Routing;

namespace Turnpike.Pipeline;

internal readonly record struct Header(string Name, string Value);

/// <summary>
/// The headers of one message in the order in which they came, a name once for each of its values. Names compare without regard
/// to case. Made to be cleared and filled again.
/// </summary>
internal sealed class HeaderList
{
    private Header[] _items = new Header[16];
    private int _count;
    private Dictionary<string, string>? _combined;
    private byte[] _value = [];

    public int Count => _count;

    public ReadOnlySpan<Header> Items => _items.AsSpan(0, _count);

    public void Add(string name, string value)
    {
        _combined?.Clear();
        if (_count == _items.Length)
            Array.Resize(ref _items, _count * 2);
        _items[_count++] = new Header(name, value);
    }

    /// <summary>Replaces every value of the header by one.</summary>
    public void Set(string name, string value)
    {
        Remove(name);
        Add(name, value);
    }

    public void Remove(string name)
    {
        _combined?.Clear();
        var kept = 0;
        for (var i = 0; i < _count; i++)
        {
            if (!Same(_items[i].Name, name))
                _items[kept++] = _items[i];
        }
        Array.Clear(_items, kept, _count - kept);
        _count = kept;
    }

    public void Clear()
    {
        _combined?.Clear();
        Array.Clear(_items, 0, _count);
        _count = 0;
    }

    public void CopyTo(HeaderList target)
    {
        foreach (ref readonly var header in Items)
            target.Add(header.Name, header.Value);
    }

    public string? First(string name)
    {
        foreach (ref readonly var header in Items)
        {
            if (Same(header.Name, name))
                return header.Value;
        }
        return null;
    }

    /// <summary>
    /// All values as one, as HTTP lets a recipient join them (RFC 9110 §5.3, cookies RFC 6265 §5.4); null where there is none. A
    /// single value is not copied.
    /// </summary>
    public string? Joined(string name)
    {
        string? first = null;
        var length = 0;
        var count = 0;
        foreach (ref readonly var header in Items)
        {
            if (!Same(header.Name, name))
                continue;
            first ??= header.Value;
            length += header.Value.Length + 2;
            count++;
        }
        if (count < 2)
            return first;
        // In one go: a client may send a thousand of them.
        var joined = new StringBuilder(length);
        var separator = Same(name, "cookie") ? "; " : ", ";
        foreach (ref readonly var header in Items)
        {
            if (Same(header.Name, name))
                joined.Append(header.Value).Append(separator);
        }
        return joined.ToString(0, joined.Length - separator.Length);
    }

    /// <summary>
    /// Returns true, and what <see cref="Joined"/> returns as bytes, when the header is there. Several lines are joined once for each name,
    /// however many conditions ask for it.
    /// </summary>
    public bool TryCombine(in HeaderName name, out ReadOnlySpan<byte> value)
    {
        string? found = null;
        foreach (ref readonly var header in Items)
        {
            if (!Ascii.EqualsIgnoreCase(name.LowerCase, header.Name))
                continue;
            if (found is not null)
            {
                found = CombineLines(header.Name);
                break;
            }
            found = header.Value;
        }
        value = default;
        if (found is null)
            return false;
        if (_value.Length < found.Length)
            _value = new byte[Math.Max(256, found.Length)];
        value = _value.AsSpan(0, Encoding.Latin1.GetBytes(found, _value));
        return true;
    }

    /// <summary>Whether the comma-separated values of the header contain <paramref name="token"/>.</summary>
    public bool HasToken(string name, ReadOnlySpan<char> token)
    {
        foreach (ref readonly var header in Items)
        {
            if (Same(header.Name, name) && ListContains(header.Value, token))
                return true;
        }
        return false;
    }

    public static bool ListContains(ReadOnlySpan<char> list, ReadOnlySpan<char> token)
    {
        foreach (var part in list.Split(','))
        {
            if (list[part].Trim(" \t").Equals(token, StringComparison.OrdinalIgnoreCase))
                return true;
        }
        return false;
    }

    private string CombineLines(string name)
    {
        _combined ??= new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (_combined.TryGetValue(name, out var known))
            return known;
        return _combined[name] = Joined(name)!;
    }

    private static bool Same(string left, string right) => string.Equals(left, right, StringComparison.OrdinalIgnoreCase);
}

/// <summary>Shows a list to the matcher without copying it.</summary>
internal readonly struct HeaderView(HeaderList headers) : IRequestHeaders
{
    /// <inheritdoc/>
    public bool TryCombine(in HeaderName name, out ReadOnlySpan<byte> value) => headers.TryCombine(name, out value);
}
