using System.Text;
using Turnpike.Http;
using Turnpike.Routing;

namespace Turnpike.Tests.Support;

/// <summary>A request that a test writes as text, encoded once for the matcher.</summary>
public sealed class TextRequest : IRequestHeaders
{
    private readonly byte[] _method;
    private readonly byte[] _authority;
    private readonly byte[] _target;
    private readonly (HeaderName Name, byte[] Value)[] _headers;

    public TextRequest(string method, string authority, string target, params (string Name, string Value)[] headers)
    {
        _method = Encoding.UTF8.GetBytes(method);
        _authority = Encoding.UTF8.GetBytes(authority);
        _target = Encoding.UTF8.GetBytes(target);
        _headers =
        [
            .. headers.GroupBy(h => h.Name, h => h.Value, StringComparer.OrdinalIgnoreCase)
                .Select(g => (HeaderName.Of(g.Key), Encoding.UTF8.GetBytes(string.Join(g.Key == "cookie" ? "; " : ", ", g)))),
        ];
    }

    public RequestKey Key => new(_method, "http"u8, _authority, _target);

    /// <summary>The route that takes the request, or null.</summary>
    public Route? Match(VirtualHostSet hosts) => hosts.Find(_authority)?.Find(Key, this, out _);

    /// <inheritdoc/>
    public bool TryCombine(scoped in HeaderName name, out ReadOnlySpan<byte> value)
    {
        foreach (var (candidate, combined) in _headers)
        {
            if (!name.Is(candidate.Known, candidate.LowerCase))
                continue;
            value = combined;
            return true;
        }
        value = default;
        return false;
    }
}
