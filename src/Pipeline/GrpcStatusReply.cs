using System.Globalization;
using System.Text;
using Turnpike.Http;

namespace Turnpike.Pipeline;

/// <summary>
/// Errors of the proxy as gRPC clients read them: status 200, and in the head what else would come in the trailers. An HTTP
/// status they would have to guess about.
/// </summary>
internal static class GrpcStatusReply
{
    private static ReadOnlySpan<byte> ContentType => "application/grpc"u8;

    /// <summary>Not gRPC-Web, which has a form of its own and reads HTTP statuses.</summary>
    public static bool Wants(RequestHead request) =>
        request.Headers.TryGetFirst(KnownHeader.ContentType, out var type)
        && type.Length >= ContentType.Length
        && Ascii.EqualsIgnoreCase(type[..ContentType.Length], ContentType)
        && (type.Length == ContentType.Length || type[ContentType.Length] is (byte)'+' or (byte)';');

    /// <param name="head">To be filled.</param>
    /// <param name="status">The HTTP status that others would get.</param>
    /// <param name="text">What others would get as text, in visible ASCII and blanks.</param>
    public static void Fill(ResponseHead head, int status, string text)
    {
        head.Status = 200;
        head.Headers.Set(KnownHeader.Server, ResponseHeaderRules.ServerName);
        head.Headers.Set(KnownHeader.ContentType, ContentType);
        head.Headers.Set(KnownHeader.GrpcStatus, CodeFor(status));
        // In a header of gRPC a percent sign begins an escape.
        var message = text.Length > 0
            ? text.Replace("%", "%25", StringComparison.Ordinal)
            : string.Create(CultureInfo.InvariantCulture, $"HTTP status {status}");
        head.Headers.Set(KnownHeader.GrpcMessage, Encoding.ASCII.GetBytes(message));
        head.ApplyPolicies();
    }

    /// <summary>As gRPC maps HTTP statuses, but for the timeout, of which the proxy knows what it was.</summary>
    private static int CodeFor(int status) => status switch
    {
        400 or 431 => 13, // INTERNAL
        401 => 16, // UNAUTHENTICATED
        403 => 7, // PERMISSION_DENIED
        404 => 12, // UNIMPLEMENTED
        429 or 502 or 503 => 14, // UNAVAILABLE
        504 => 4, // DEADLINE_EXCEEDED
        _ => 2, // UNKNOWN
    };
}
