using System.Collections.Immutable;
using System.Globalization;
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
        if (request.Headers.First("origin") is not { } origin || !Allows(policy, origin))
            return false;
        var answer = exchange.Response.PolicyHeaders;
        answer.Add("access-control-allow-origin", origin);
        if (policy.AllowCredentials)
            answer.Add("access-control-allow-credentials", "true");
        // Browsers look for it here; the reference has it on preflights, where it means nothing and does no harm.
        AddList(answer, "access-control-expose-headers", policy.ExposeHeaders);
        if (request.Method != "OPTIONS" || request.Headers.First("access-control-request-method") is null)
            return false;
        AddList(answer, "access-control-allow-methods", policy.AllowMethods);
        AddList(answer, "access-control-allow-headers", policy.AllowHeaders);
        if (policy.MaxAge is { } age)
            answer.Add("access-control-max-age", ((long)age.TotalSeconds).ToString(CultureInfo.InvariantCulture));
        return true;
    }

    private static bool Allows(CorsAction policy, string origin)
    {
        foreach (var allowed in policy.AllowOrigins)
        {
            if (allowed == "*" || allowed == origin)
                return true;
        }
        return false;
    }

    private static void AddList(HeaderList answer, string name, ImmutableArray<string> values)
    {
        if (!values.IsDefaultOrEmpty)
            answer.Add(name, string.Join(',', values));
    }
}
