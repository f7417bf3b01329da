using System.Diagnostics.CodeAnalysis;

namespace Turnpike.Routing;

/// <summary>What routing looks at in a request, headers aside.</summary>
/// <param name="Authority">Host with its port, as the client wrote it.</param>
/// <param name="Path">Without query, as the client wrote it: neither decoded nor normalised.</param>
public readonly record struct RequestKey(string Method, string Scheme, string Authority, string Path);

/// <summary>The headers of a request. Implemented by a struct over the server's own header collection, so that nothing is copied.</summary>
public interface IRequestHeaders
{
    /// <summary>The first value of the header.</summary>
    /// <param name="name">In lower case.</param>
    /// <param name="value">As sent.</param>
    bool TryGetFirst(string name, [MaybeNullWhen(false)] out string value);
}
