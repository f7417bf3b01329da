using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Turnpike.Samples.Httpbin.Requests;

/// <summary>The description of a request, in httpbin's form.</summary>
internal static class RequestView
{
    /// <summary>Headers that infrastructure in front of the server adds. The image of 2017 hides exactly these.</summary>
    private static readonly HashSet<string> EnvironmentHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "X-Varnish", "X-Request-Start", "X-Heroku-Queue-Depth", "X-Heroku-Queue-Wait-Time", "X-Heroku-Dynos-In-Use", "X-Real-Ip",
        "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Protocol", "X-Forwarded-Ssl", "X-Forwarded-Port", "X-Forwarded-Host",
    };

    /// <summary>Returns the fields of a request that do not depend on its body.</summary>
    internal static OrderedDictionary<string, object?> Head(HttpRequest request) => new()
    {
        ["url"] = RequestUrl.Of(request),
        ["args"] = Multi(Pairs(request.QueryString.Value)),
        ["headers"] = Headers(request),
        ["origin"] = Origin(request),
    };

    /// <summary>Returns the headers with the names that WSGI gives them. <c>?show_env=1</c> includes those of the infrastructure.</summary>
    internal static Dictionary<string, object?> Headers(HttpRequest request)
    {
        var showAll = request.Query.ContainsKey("show_env");
        return request.Headers
            .Where(header => !header.Key.StartsWith(':') && (showAll || !EnvironmentHeaders.Contains(header.Key)))
            .ToDictionary(header => TitleCase(header.Key), object? (header) => string.Join(",", header.Value.ToArray()));
    }

    internal static string? Origin(HttpRequest request)
    {
        if (request.Headers.TryGetValue("X-Forwarded-For", out var forwarded))
            return string.Join(",", forwarded.ToArray());

        var peer = request.HttpContext.Connection.RemoteIpAddress;
        return (peer is { IsIPv4MappedToIPv6: true } ? peer.MapToIPv4() : peer)?.ToString();
    }

    /// <summary>Returns the pairs of name and value of a query or a form, in order and with the keys as they were written.</summary>
    internal static IEnumerable<KeyValuePair<string, object?>> Pairs(string? encoded)
    {
        foreach (var pair in new QueryStringEnumerable(encoded))
            yield return new(pair.DecodeName().ToString(), pair.DecodeValue().ToString());
    }

    /// <summary>Returns a single value as it is, and several values of one key as a list.</summary>
    internal static Dictionary<string, object?> Multi(IEnumerable<KeyValuePair<string, object?>> pairs) =>
        pairs.GroupBy(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, object? (group) => group.ToList() is [var only] ? only : group.ToList());

    /// <summary>Writes a letter that follows a letter in lower case, and every other letter in upper case: <c>X-B3-Traceid</c>.</summary>
    private static string TitleCase(string name)
    {
        var result = new StringBuilder(name.Length);
        var afterLetter = false;
        foreach (var c in name)
        {
            result.Append(afterLetter ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c));
            afterLetter = char.IsAsciiLetter(c);
        }

        return result.ToString();
    }
}
