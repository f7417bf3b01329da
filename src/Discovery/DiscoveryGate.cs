using System.Globalization;
using System.Text;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Turnpike.Api;
using Turnpike.Compiler;
using Turnpike.Hosting;
using Turnpike.Hosting.Serving;

namespace Turnpike.Discovery;

/// <summary>
/// An access rule of a service. A caller has access when its token was issued for the audience and belongs to an admitted ServiceAccount.
/// </summary>
/// <param name="Audience">The audience that the token must have been issued for. It is unique among the access rules of a service.</param>
/// <param name="User">
/// The user name of the ServiceAccount, as the API server writes it; null to admit every ServiceAccount of the cluster.
/// </param>
/// <param name="Refusal">The clause that follows the name of a refused caller in the message to that caller.</param>
internal sealed record ServiceAccess(string Audience, string? User, string Refusal)
{
    private const string AnyServiceAccount = "system:serviceaccount:";

    /// <summary>The role that the caller has; null in a service that hands out no table.</summary>
    public ProxyRole? Role { get; private init; }

    /// <summary>Returns the access rule for the table of the ingress, which holds private keys.</summary>
    public static ServiceAccess IngressTable(Profile profile) =>
        new(Names.IngressAudience, UserOf(profile.SystemNamespace, profile.IngressService), "may not have the table of the ingress")
        {
            Role = ProxyRole.Ingress,
        };

    /// <summary>The access rule for the table of a sidecar, which may be in any namespace.</summary>
    public static ServiceAccess SidecarTable { get; } =
        new(Names.SidecarAudience, null, "is no ServiceAccount, and may not have the table of a sidecar") { Role = ProxyRole.Sidecar };

    public static ServiceAccess Fleet(Profile profile) =>
        new(Names.OperatorAudience, UserOf(profile.SystemNamespace, Names.OperatorDeployment), "may not ask for the proxies");

    /// <summary>Returns true when the rule admits a user.</summary>
    public bool Admits(string user) => User is null ? user.StartsWith(AnyServiceAccount, StringComparison.Ordinal) : user == User;

    private static string UserOf(string ns, string account) => $"{AnyServiceAccount}{ns}:{account}";
}

/// <summary>
/// Authenticates the caller before each gRPC method. gRPC reads a message before it calls the method, so a caller without access must be
/// refused here, before a byte of its message is read. Methods get the caller from <see cref="CallerOf"/>, which throws when there is none.
/// </summary>
internal sealed class DiscoveryGate(ProxyAuthenticator authenticator)
{
    private const string Scheme = "Bearer ";

    /// <summary>Guards every method of the service.</summary>
    /// <param name="service">The service.</param>
    /// <param name="ways">The access rules. The token of a caller must have been issued for the audience of one of them.</param>
    public void Guard(GrpcServiceEndpointConventionBuilder service, params ServiceAccess[] ways) => service.Add(endpoint =>
    {
        var next = endpoint.RequestDelegate!;
        endpoint.RequestDelegate = context => AdmitAsync(context, ways, next);
    });

    public static Caller CallerOf(ServerCallContext call) =>
        call.GetHttpContext().Features.Get<Caller>() ?? throw new RpcException(new Status(StatusCode.Unauthenticated, "the caller is not known"));

    private async Task AdmitAsync(HttpContext context, ServiceAccess[] ways, RequestDelegate next)
    {
        try
        {
            var caller = await authenticator.AuthenticateAsync(PeerAddress.Of(context.Connection.RemoteIpAddress), TokenOf(context), ways, context.RequestAborted);
            if (context.Features.Get<IConnectionStanding>()?.TryProve($"{caller.User}/{caller.Pod}") == false)
                throw new RefusedCallException(StatusCode.ResourceExhausted, $"{caller.User} has too many connections from pod {caller.Pod ?? "(not named)"}");
            context.Features.Set(caller);
        }
        catch (RefusedCallException refusal)
        {
            Refuse(context.Response, refusal);
            return;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client disconnected before it was authenticated.
            return;
        }
        await next(context);
    }

    private static string TokenOf(HttpContext context)
    {
        var header = context.Request.Headers.Authorization;
        return header.Count == 1 && header[0] is { } value && value.StartsWith(Scheme, StringComparison.Ordinal)
            ? value[Scheme.Length..]
            : throw new RefusedCallException(StatusCode.Unauthenticated, "a ServiceAccount token is needed (authorization: Bearer …)");
    }

    /// <summary>Writes a response that consists of headers only, which is gRPC's form for a call that never began.</summary>
    private static void Refuse(HttpResponse response, RefusedCallException refusal)
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "application/grpc";
        response.Headers["grpc-status"] = new StringValues(((int)refusal.Code).ToString(CultureInfo.InvariantCulture));
        response.Headers["grpc-message"] = Encoded(refusal.Message);
    }

    /// <summary>
    /// Returns the message in gRPC's percent-encoding: every byte is escaped except printable ASCII other than the percent sign.
    /// </summary>
    private static string Encoded(string message)
    {
        var encoded = new StringBuilder(message.Length);
        foreach (var value in Encoding.UTF8.GetBytes(SafeText.Of(message, 1024)))
        {
            if (value is >= 0x20 and <= 0x7e and not (byte)'%')
                encoded.Append((char)value);
            else
                encoded.Append(CultureInfo.InvariantCulture, $"%{value:X2}");
        }
        return encoded.ToString();
    }
}
