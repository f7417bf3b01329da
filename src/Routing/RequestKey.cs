using System.Diagnostics.CodeAnalysis;

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
    /// <summary>The first value of the header.</summary>
    /// <param name="name">In lower case.</param>
    /// <param name="value">As sent.</param>
    bool TryGetFirst(string name, [MaybeNullWhen(false)] out string value);
}
