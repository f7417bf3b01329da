using Grpc.Core;
using Turnpike.Compiler;

namespace Turnpike.Discovery;

/// <summary>The identity of a caller, as the API server gives it for the caller's token.</summary>
/// <param name="User">The user name, such as <c>system:serviceaccount:istio-system:istio-ingress</c>.</param>
/// <param name="Namespace">The namespace of the ServiceAccount, which is also the namespace of its pods.</param>
/// <param name="Pod">The pod that the token is bound to; null where the API server does not say.</param>
/// <param name="Expires">The time at which the token expires. A stream that was opened with the token ends then at the latest.</param>
public sealed record Caller(string User, string Namespace, string? Pod, DateTimeOffset Expires)
{
    /// <summary>The role whose table the token was issued for; null for callers that get no table.</summary>
    public ProxyRole? Role { get; init; }

    /// <summary>The name of the ServiceAccount.</summary>
    public string ServiceAccount => User[(User.LastIndexOf(':') + 1)..];
}

/// <summary>Refuses a call with a status and a message, both of which the caller gets.</summary>
internal sealed class RefusedCallException(StatusCode code, string why) : Exception(why)
{
    public StatusCode Code => code;
}
