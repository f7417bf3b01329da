namespace Turnpike.Http.Http1;

/// <summary>Where the name and the value of one field are in the bytes that were parsed.</summary>
public readonly record struct FieldRange(int NameStart, int NameLength, int ValueStart, int ValueLength)
{
    public ReadOnlySpan<byte> NameIn(ReadOnlySpan<byte> bytes) => bytes.Slice(NameStart, NameLength);

    public ReadOnlySpan<byte> ValueIn(ReadOnlySpan<byte> bytes) => bytes.Slice(ValueStart, ValueLength);
}

/// <summary>One line of a header or trailer section (RFC 9112 §5).</summary>
internal static class FieldLine
{
    /// <summary>Reads a line; returns what is wrong with it, or null.</summary>
    /// <param name="line">The line without its end. It is not empty.</param>
    /// <param name="offset">The offset of the line in the bytes that <paramref name="field"/> refers to.</param>
    /// <param name="field">The field. Its value is without the blanks around it.</param>
    public static string? Parse(ReadOnlySpan<byte> line, int offset, out FieldRange field)
    {
        field = default;
        if (line[0] is (byte)' ' or (byte)'\t')
            return "a header is folded over several lines";
        var colon = line.IndexOf((byte)':');
        if (colon < 0)
            return "a header has no colon";
        if (!HttpSyntax.IsFieldName(line[..colon]))
            return "the name of a header is not a token";
        var value = line[(colon + 1)..];
        var start = value.IndexOfAnyExcept((byte)' ', (byte)'\t');
        var trimmed = start < 0 ? [] : value[start..(value.LastIndexOfAnyExcept((byte)' ', (byte)'\t') + 1)];
        if (!HttpSyntax.IsFieldValue(trimmed))
            return "the value of a header has a control character";
        field = new FieldRange(offset, colon, offset + colon + 1 + Math.Max(start, 0), trimmed.Length);
        return null;
    }
}
