using System.Globalization;
using System.Text;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Turnpike.Api;
using Turnpike.Hosting;
using Turnpike.Hosting.Serving;

namespace Turnpike.Discovery;

/// <summary>Who may call a service.</summary>
/// <param name="Namespace">Of the control plane.</param>
/// <param name="Audience">What the token must have been made for.</param>
/// <param name="Account">The ServiceAccount in our namespace.</param>
/// <param name="Refusal">What others are told, after their name.</param>
internal sealed record ServiceAccess(string Namespace, string Audience, string Account, string Refusal)
{
    /// <summary>Tables hold private keys.</summary>
    public static ServiceAccess Table(Profile profile) => new(profile.SystemNamespace, Names.IngressAudience, profile.IngressService, "may not have the table of the ingress");

    public static ServiceAccess Fleet(Profile profile) => new(profile.SystemNamespace, Names.OperatorAudience, Names.OperatorDeployment, "may not ask for the proxies");

    public string User { get; } = $"system:serviceaccount:{Namespace}:{Account}";
}

/// <summary>
/// Stands before each gRPC method: gRPC collects a message before it calls the method, so whoever may not call it is turned away before a
/// byte of his is read. Methods find the caller by <see cref="CallerOf"/> and fail without one.
/// </summary>
internal sealed class DiscoveryGate(ProxyAuthenticator authenticator)
{
    private const string Scheme = "Bearer ";

    /// <summary>Guards every method of the service.</summary>
    public void Guard(GrpcServiceEndpointConventionBuilder service, ServiceAccess access) => service.Add(endpoint =>
    {
        var next = endpoint.RequestDelegate!;
        endpoint.RequestDelegate = context => AdmitAsync(context, access, next);
    });

    public static Caller CallerOf(ServerCallContext call) =>
        call.GetHttpContext().Features.Get<Caller>() ?? throw new RpcException(new Status(StatusCode.Unauthenticated, "the caller is not known"));

    private async Task AdmitAsync(HttpContext context, ServiceAccess access, RequestDelegate next)
    {
        try
        {
            var caller = await authenticator.AuthenticateAsync(PeerAddress.Of(context.Connection.RemoteIpAddress), TokenOf(context), access, context.RequestAborted);
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
            // Gone before it was known who it was.
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

    /// <summary>A response of headers alone, as gRPC has it for a call that never began.</summary>
    private static void Refuse(HttpResponse response, RefusedCallException refusal)
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "application/grpc";
        response.Headers["grpc-status"] = new StringValues(((int)refusal.Code).ToString(CultureInfo.InvariantCulture));
        response.Headers["grpc-message"] = Encoded(refusal.Message);
    }

    /// <summary>Percent-encoding as gRPC wants it: all but printable ASCII, and the percent sign.</summary>
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
