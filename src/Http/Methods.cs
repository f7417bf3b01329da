namespace Turnpike.Http;

/// <summary>What is known of methods (RFC 9110 §9).</summary>
public static class Methods
{
    /// <summary>Whether sending such a request twice has the effect of sending it once (RFC 9110 §9.2.2).</summary>
    public static bool IsIdempotent(string method) => method is "GET" or "HEAD" or "PUT" or "DELETE" or "OPTIONS" or "TRACE";
}
