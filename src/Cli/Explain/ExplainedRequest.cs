using System.Text;
using Turnpike.Http;
using Turnpike.Routing;

namespace Turnpike.Cli.Explain;

/// <summary>The request to explain, as a client would send it. Nothing in it is decoded or normalised.</summary>
/// <param name="Method">The method.</param>
/// <param name="Scheme">The scheme, <c>http</c> or <c>https</c>.</param>
/// <param name="Authority">The host, with its port if it has one.</param>
/// <param name="Target">The path with the query.</param>
/// <param name="Headers">The headers in the given order, with names in lower case.</param>
internal sealed record ExplainedRequest(
    string Method, string Scheme, string Authority, string Target, IReadOnlyList<KeyValuePair<string, string>> Headers)
{
    public string Path => Target[..PathRewrite.PathLength(Target)];

    /// <summary>Whether the request is a WebSocket handshake.</summary>
    public bool IsWebSocket =>
        Method == "GET" && First("upgrade") is { } upgrade && upgrade.Equals("websocket", StringComparison.OrdinalIgnoreCase);

    public string? First(string name) => Headers.Where(h => h.Key == name).Select(h => h.Value).FirstOrDefault();

    /// <summary>
    /// Returns the value that conditions see, which combines all lines as in RFC 9110 section 5.3; null if there is none.
    /// </summary>
    public string? Combined(string name)
    {
        var lines = Headers.Where(h => h.Key == name).Select(h => h.Value).ToList();
        return lines.Count == 0 ? null : string.Join(name == "cookie" ? "; " : ", ", lines);
    }

    /// <summary>Parses the arguments of the command.</summary>
    /// <exception cref="CommandException">The arguments are not valid. The exception has one line for each error.</exception>
    public static ExplainedRequest Parse(string method, string url, IEnumerable<string> headers)
    {
        var faults = new List<string>();
        if (method.Length == 0 || !method.All(IsTokenCharacter))
            faults.Add($"METHOD: \"{method}\" is not a method such as GET or POST");
        var (scheme, authority, target) = SplitUrl(url, faults);
        var pairs = headers.Select(h => SplitHeader(h, faults)).ToList();
        // As in curl, a Host header overrides the host of the URL.
        if (pairs.FirstOrDefault(p => p.Key == "host").Value is { Length: > 0 } host)
            authority = host;
        if (faults.Count > 0)
            throw new CommandException("cannot be explained", faults);
        return new ExplainedRequest(method, scheme, authority, target, [.. pairs.Where(p => p.Key != "host")]);
    }

    private static (string Scheme, string Authority, string Target) SplitUrl(string url, List<string> faults)
    {
        const string wanted = "write http://HOST[:PORT]/PATH or https://HOST[:PORT]/PATH";
        var colon = url.IndexOf("://", StringComparison.Ordinal);
        var scheme = colon < 0 ? "" : url[..colon].ToLowerInvariant();
        if (scheme is not ("http" or "https"))
        {
            faults.Add($"URL: \"{url}\" has no scheme that the ingress serves; {wanted}");
            return ("", "", "");
        }
        var rest = url[(colon + 3)..];
        if (rest.IndexOf('#', StringComparison.Ordinal) is var fragment and >= 0)
            rest = rest[..fragment];
        var end = rest.IndexOfAny(['/', '?']);
        var (authority, target) = end < 0 ? (rest, "/") : (rest[..end], rest[end..]);
        if (target.StartsWith('?'))
            target = "/" + target;
        if (authority.Length == 0 || authority.Contains('@', StringComparison.Ordinal) || authority.Any(char.IsWhiteSpace))
            faults.Add($"URL: \"{url}\" has no host; {wanted}");
        return (scheme, authority, target);
    }

    private static KeyValuePair<string, string> SplitHeader(string header, List<string> faults)
    {
        var colon = header.IndexOf(':', StringComparison.Ordinal);
        var name = colon < 0 ? "" : header[..colon].Trim();
        if (name.Length > 0 && name.All(IsTokenCharacter))
            return new(name.ToLowerInvariant(), header[(colon + 1)..].Trim());
        faults.Add($"--header: \"{header}\" is not a header; write 'Name: value'");
        return default;
    }

    private static bool IsTokenCharacter(char c) => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal);
}

/// <summary>A request to be explained, as the matcher reads it: every text is encoded once.</summary>
internal readonly struct EncodedRequest(ExplainedRequest request) : IRequestHeaders
{
    private readonly byte[] _method = Encoding.UTF8.GetBytes(request.Method);
    private readonly byte[] _scheme = Encoding.UTF8.GetBytes(request.Scheme);
    private readonly byte[] _authority = Encoding.UTF8.GetBytes(request.Authority);
    private readonly byte[] _target = Encoding.UTF8.GetBytes(request.Target);

    private readonly (HeaderName Name, byte[] Value)[] _headers =
    [
        .. request.Headers.Select(h => h.Key).Distinct()
            .Select(name => (HeaderName.Of(name), Encoding.UTF8.GetBytes(request.Combined(name)!))),
    ];

    public RequestKey Key => new(_method, _scheme, _authority, _target);

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
