using Grpc.Core;
using Turnpike.Compiler;

namespace Turnpike.Discovery;

/// <summary>Who calls, as the API server said of the token.</summary>
/// <param name="User">Such as <c>system:serviceaccount:istio-system:istio-ingress</c>.</param>
/// <param name="Namespace">Of the ServiceAccount, and so of its pods.</param>
/// <param name="Pod">The pod that the token is bound to; null where the API server does not say.</param>
/// <param name="Expires">When the token ends, and with it whatever was begun by it.</param>
public sealed record Caller(string User, string Namespace, string? Pod, DateTimeOffset Expires)
{
    /// <summary>What the token was made for, where that is a table; null for other callers.</summary>
    public ProxyRole? Role { get; init; }

    /// <summary>The name of the ServiceAccount.</summary>
    public string ServiceAccount => User[(User.LastIndexOf(':') + 1)..];
}

/// <summary>A call that is refused, with what the other end is told.</summary>
internal sealed class RefusedCallException(StatusCode code, string why) : Exception(why)
{
    public StatusCode Code => code;
}
