namespace Turnpike.Http;

/// <summary>What is known about methods (RFC 9110 §9).</summary>
public static class Methods
{
    /// <summary>Returns true when sending such a request twice has the effect of sending it once (RFC 9110 §9.2.2).</summary>
    public static bool IsIdempotent(ReadOnlySpan<byte> method) =>
        method.SequenceEqual("GET"u8) || method.SequenceEqual("HEAD"u8) || method.SequenceEqual("PUT"u8)
        || method.SequenceEqual("DELETE"u8) || method.SequenceEqual("OPTIONS"u8) || method.SequenceEqual("TRACE"u8);
}
