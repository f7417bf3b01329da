using System.Collections.Immutable;
using System.Text;
using Turnpike.Http;
using Turnpike.Routing;

namespace Turnpike.Pipeline;

/// <summary>Cross-origin requests (istio-2017.md §3.10).</summary>
internal static class Cors
{
    /// <summary>
    /// Puts what the policy allows this request's origin into its answer, whoever gives that. True for a preflight, which is
    /// answered on the spot. A request from any other origin is none of the policy's business: it is not blocked.
    /// </summary>
    public static bool Apply(CorsAction policy, Exchange exchange)
    {
        var request = exchange.Request;
        // Said to every origin, and to requests without one: a cache must not give one's answer to another.
        exchange.Response.VariesByOrigin = true;
        if (!request.Headers.TryGetFirst(KnownHeader.Origin, out var origin) || !Allows(policy, origin))
            return false;
        var headers = exchange.Response.PolicyHeaders;
        headers.Add(KnownHeader.AccessControlAllowOrigin, origin);
        if (policy.AllowCredentials)
            headers.Add(KnownHeader.AccessControlAllowCredentials, "true"u8);
        // Browsers look for it here; the reference has it on preflights, where it means nothing and does no harm.
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
