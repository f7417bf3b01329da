namespace Turnpike.Injector.Patch;

/// <summary>JSON pointers (RFC 6901) as text.</summary>
public static class JsonPointer
{
    /// <summary>Returns the pointer to the member or index <paramref name="token"/> below <paramref name="path"/>.</summary>
    public static string Child(string path, string token) => path + "/" + Escape(token);

    /// <summary>Returns the unescaped tokens of a pointer; none for the whole document.</summary>
    public static IReadOnlyList<string> Tokens(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (path.Length == 0)
            return [];
        if (path[0] != '/')
            throw new FormatException($"the pointer \"{path}\" does not begin with \"/\"");
        return [.. path[1..].Split('/').Select(Unescape)];
    }

    private static string Escape(string token) =>
        token.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    private static string Unescape(string token) =>
        token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
}
