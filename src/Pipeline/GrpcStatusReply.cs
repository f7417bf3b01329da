using System.Globalization;
using System.Text;
using Turnpike.Http;

namespace Turnpike.Pipeline;

/// <summary>
/// Makes local replies for gRPC clients: HTTP status 200, with the gRPC status and message in the head instead of in trailers. From
/// another HTTP status, clients would have to guess the gRPC status.
/// </summary>
internal static class GrpcStatusReply
{
    private static ReadOnlySpan<byte> ContentType => "application/grpc"u8;

    /// <summary>
    /// Returns true for a request of gRPC, but not for gRPC-Web, which has a form of its own and whose clients read HTTP statuses.
    /// </summary>
    public static bool Wants(RequestHead request) =>
        request.Headers.TryGetFirst(KnownHeader.ContentType, out var type)
        && type.Length >= ContentType.Length
        && Ascii.EqualsIgnoreCase(type[..ContentType.Length], ContentType)
        && (type.Length == ContentType.Length || type[ContentType.Length] is (byte)'+' or (byte)';');

    /// <param name="head">The head that is filled.</param>
    /// <param name="status">The HTTP status that other clients would get.</param>
    /// <param name="text">The text that other clients would get, in visible ASCII and blanks.</param>
    public static void Fill(ResponseHead head, int status, string text)
    {
        head.Status = 200;
        head.Headers.Set(KnownHeader.Server, ResponseHeaderRules.ServerName);
        head.Headers.Set(KnownHeader.ContentType, ContentType);
        head.Headers.Set(KnownHeader.GrpcStatus, CodeFor(status));
        // A percent sign begins an escape in a header of gRPC.
        var message = text.Length > 0
            ? text.Replace("%", "%25", StringComparison.Ordinal)
            : string.Create(CultureInfo.InvariantCulture, $"HTTP status {status}");
        head.Headers.Set(KnownHeader.GrpcMessage, Encoding.ASCII.GetBytes(message));
        head.ApplyPolicies();
    }

    /// <summary>Maps an HTTP status as gRPC does, except for 504, of which the proxy knows that it was a timeout.</summary>
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
