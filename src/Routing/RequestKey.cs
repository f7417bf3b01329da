using Turnpike.Http;

namespace Turnpike.Routing;

/// <summary>The parts of a request that routing looks at besides its headers, as bytes of the wire. It lives on the stack only.</summary>
/// <param name="method">The method.</param>
/// <param name="scheme">The scheme of the listener.</param>
/// <param name="authority">Host and port, as the client wrote them.</param>
/// <param name="target">Path and query, as the client wrote them: neither decoded nor normalised.</param>
public readonly ref struct RequestKey(
    ReadOnlySpan<byte> method, ReadOnlySpan<byte> scheme, ReadOnlySpan<byte> authority, ReadOnlySpan<byte> target)
{
    public ReadOnlySpan<byte> Method { get; } = method;

    public ReadOnlySpan<byte> Scheme { get; } = scheme;

    public ReadOnlySpan<byte> Authority { get; } = authority;

    /// <summary>The path without the query.</summary>
    public ReadOnlySpan<byte> Path { get; } = target[..PathRewrite.PathLength(target)];

    /// <summary>The query without its question mark; empty when there is none.</summary>
    public ReadOnlySpan<byte> Query { get; } = target[Math.Min(PathRewrite.PathLength(target) + 1, target.Length)..];
}

/// <summary>The headers of a request. A struct over the server's own collection implements it, so that nothing is copied.</summary>
public interface IRequestHeaders
{
    /// <summary>
    /// Returns true when the request has the header, and the header's value. Several lines of a name are one value, combined as in
    /// RFC 9110 5.3: by a comma and a blank, and for <c>cookie</c> by a semicolon and a blank (RFC 9113 8.2.3). An endpoint sees all lines,
    /// so a condition that looked at one line only could be evaded. Allocates nothing when there is one line.
    /// </summary>
    /// <param name="name">The name to look for.</param>
    /// <param name="value">The value, which is valid until the next call.</param>
    bool TryCombine(scoped in HeaderName name, out ReadOnlySpan<byte> value);
}
