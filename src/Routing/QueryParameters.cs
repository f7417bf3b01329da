namespace Turnpike.Routing;

/// <summary>The parameters of a query: <c>name=value</c>, joined by <c>&amp;</c>.</summary>
internal static class QueryParameters
{
    /// <summary>
    /// Returns true when the query has a parameter of the name, and its value. Of several with that name the first counts.
    /// </summary>
    /// <param name="query">The query without its question mark. Nothing in it is decoded.</param>
    /// <param name="name">The name, compared byte by byte.</param>
    /// <param name="value">The value; empty for a parameter without an equals sign.</param>
    public static bool TryFind(ReadOnlySpan<byte> query, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (query.IsEmpty)
            return false;
        foreach (var part in query.Split((byte)'&'))
        {
            var parameter = query[part];
            if (!parameter.StartsWith(name))
                continue;
            if (parameter.Length == name.Length)
                return true;
            if (parameter[name.Length] != (byte)'=')
                continue;
            value = parameter[(name.Length + 1)..];
            return true;
        }
        return false;
    }
}
