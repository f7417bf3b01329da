using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Turnpike.Samples.Httpbin.Requests;

/// <summary>What httpbin tells about a request, in the shape in which it tells it.</summary>
internal static class RequestView
{
    /// <summary>What an infrastructure in front of the server adds; the image of 2017 hides these and no others.</summary>
    private static readonly HashSet<string> EnvironmentHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "X-Varnish", "X-Request-Start", "X-Heroku-Queue-Depth", "X-Heroku-Queue-Wait-Time", "X-Heroku-Dynos-In-Use", "X-Real-Ip",
        "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Protocol", "X-Forwarded-Ssl", "X-Forwarded-Port", "X-Forwarded-Host",
    };

    /// <summary>Fields of a request without regard to its body.</summary>
    internal static OrderedDictionary<string, object?> Head(HttpRequest request) => new()
    {
        ["url"] = RequestUrl.Of(request),
        ["args"] = Multi(Pairs(request.QueryString.Value)),
        ["headers"] = Headers(request),
        ["origin"] = Origin(request),
    };

    /// <summary>Headers with the names that WSGI gives them; <c>?show_env=1</c> shows those of the infrastructure too.</summary>
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

    /// <summary>Name and value pairs of a query or of a form, in order, keys as spelled.</summary>
    internal static IEnumerable<KeyValuePair<string, object?>> Pairs(string? encoded)
    {
        foreach (var pair in new QueryStringEnumerable(encoded))
            yield return new(pair.DecodeName().ToString(), pair.DecodeValue().ToString());
    }

    /// <summary>One value stays a value; several under one key become a list.</summary>
    internal static Dictionary<string, object?> Multi(IEnumerable<KeyValuePair<string, object?>> pairs) =>
        pairs.GroupBy(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, object? (group) => group.ToList() is [var only] ? only : group.ToList());

    /// <summary>Every letter that follows a letter in lower case, every other one in upper case: <c>X-B3-Traceid</c>.</summary>
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
