namespace Turnpike.Routing;

/// <summary>What routing looks at in a request, headers aside. On the stack only: the path is a part of the request target.</summary>
public readonly ref struct RequestKey(string method, string scheme, string authority, ReadOnlySpan<char> path)
{
    public string Method { get; } = method;

    public string Scheme { get; } = scheme;

    /// <summary>Host with its port, as the client wrote it.</summary>
    public string Authority { get; } = authority;

    /// <summary>Without query, as the client wrote it: neither decoded nor normalised.</summary>
    public ReadOnlySpan<char> Path { get; } = path;
}

/// <summary>The headers of a request. Implemented by a struct over the server's own header collection, so that nothing is copied.</summary>
public interface IRequestHeaders
{
    /// <summary>
    /// The value of the header, or null where the request does not have it. Several lines of a name are one value, as RFC 9110 5.3
    /// combines them: joined by a comma and a blank, and by a semicolon and a blank for <c>cookie</c> (RFC 9113 8.2.3). An endpoint sees
    /// all of them, so a condition that looked at one line only could be passed by. Allocates nothing where there is one line.
    /// </summary>
    /// <param name="name">In lower case.</param>
    string? Combined(string name);
}
