using System.Collections.Immutable;
using System.Text;
using Turnpike.Http;
using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>Applies the policy of a route for cross-origin requests (istio-2017.md §3.10).</summary>
internal static class Cors
{
    /// <summary>
    /// Adds the headers that the policy grants to the request's origin to the response, whether an endpoint or the proxy makes that.
    /// Returns true for a preflight, to which the caller responds without an upstream. A request from an origin that the policy does not
    /// list is not blocked; it only gets none of these headers.
    /// </summary>
    public static bool Apply(CorsAction policy, Exchange exchange)
    {
        var request = exchange.Request;
        // This applies to every origin, and to requests without one, because a cache must not give one origin's response to another.
        exchange.Response.VariesByOrigin = true;
        if (!request.Headers.TryGetFirst(KnownHeader.Origin, out var origin) || !Allows(policy, origin))
            return false;
        var headers = exchange.Response.PolicyHeaders;
        headers.Add(KnownHeader.AccessControlAllowOrigin, origin);
        if (policy.AllowCredentials)
            headers.Add(KnownHeader.AccessControlAllowCredentials, "true"u8);
        // Browsers read this header on actual responses. The reference adds it to preflights, where it has no effect and does no harm, so
        // both have it here.
        AddList(headers, KnownHeader.AccessControlExposeHeaders, policy.ExposeHeaders);
        if (!request.Method.SequenceEqual("OPTIONS"u8) || !request.Headers.Contains(KnownHeader.AccessControlRequestMethod))
            return false;
        AddList(headers, KnownHeader.AccessControlAllowMethods, policy.AllowMethods);
        AddList(headers, KnownHeader.AccessControlAllowHeaders, policy.AllowHeaders);
        if (policy.MaxAge is { } age)
            headers.Add(KnownHeader.AccessControlMaxAge, (long)age.TotalSeconds);
        return true;
    }

    private static bool Allows(CorsAction policy, ReadOnlySpan<byte> origin)
    {
        foreach (var allowed in policy.AllowOrigins)
        {
            if (allowed == "*" || Ascii.Equals(origin, allowed))
                return true;
        }
        return false;
    }

    private static void AddList(HeaderList headers, KnownHeader name, ImmutableArray<string> values)
    {
        if (values.IsDefaultOrEmpty)
            return;
        var length = values.Length - 1;
        foreach (var value in values)
            length += value.Length;
        var room = headers.Add(name, length);
        for (var i = 0; i < values.Length; i++)
        {
            if (i > 0)
            {
                room[0] = (byte)',';
                room = room[1..];
            }
            room = room[WireText.Encoding.GetBytes(values[i], room)..];
        }
    }
}
