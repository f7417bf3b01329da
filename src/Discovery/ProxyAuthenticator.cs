using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Grpc.Core;
using Turnpike.Api;
using Turnpike.Hosting.Api;
using WriteOptions = Turnpike.Hosting.Api.WriteOptions;

namespace Turnpike.Discovery;

/// <summary>Who a proxy is, by its projected ServiceAccount token and TokenReview.</summary>
public sealed class ProxyAuthenticator(KubeApi api, TimeProvider clock)
{
    /// <summary>What a token must have been made for.</summary>
    public const string Audience = "turnpike";

    // Long enough for the reconnects after a restart of the control plane, short enough for a revoked token.
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(1);
    private static readonly ResourceRef TokenReviews = new("authentication.k8s.io", "v1", "tokenreviews", "TokenReview");

    private readonly ConcurrentDictionary<string, (string User, DateTimeOffset Until)> _known = new(StringComparer.Ordinal);

    /// <summary>The user name of the token, such as <c>system:serviceaccount:istio-system:istio-ingress</c>; null where it proves nothing.</summary>
    public async Task<string?> AuthenticateAsync(string token, CancellationToken ct)
    {
        // Never the token itself: what is kept may end up in a dump.
        var hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
        var now = clock.GetUtcNow();
        if (_known.TryGetValue(hash, out var known) && known.Until > now)
            return known.User;
        var answer = await api.CreateAsync(
            TokenReviews,
            "",
            new JsonObject
            {
                ["apiVersion"] = TokenReviews.ApiVersion,
                ["kind"] = TokenReviews.Kind,
                ["spec"] = new JsonObject { ["token"] = token, ["audiences"] = new JsonArray(Audience) },
            },
            WriteOptions.Default,
            ct);
        var status = answer.Child("status");
        var authenticated = status?.Child("authenticated") is { ValueKind: System.Text.Json.JsonValueKind.True };
        var forUs = status?.Child("audiences") is { ValueKind: System.Text.Json.JsonValueKind.Array } audiences
            && audiences.EnumerateArray().Any(a => a.ValueEquals(Audience));
        if (!authenticated || !forUs || status?.Child("user")?.Text("username") is not { Length: > 0 } user)
            return null;
        foreach (var (old, entry) in _known)
        {
            if (entry.Until <= now)
                _known.TryRemove(old, out _);
        }
        _known[hash] = (user, now + Remembered);
        return user;
    }

    /// <summary>Who calls, by the bearer token of the call.</summary>
    /// <exception cref="RpcException">The call proves no identity.</exception>
    internal async Task<string> CallerAsync(ServerCallContext context)
    {
        const string scheme = "Bearer ";
        var header = context.RequestHeaders.GetValue("authorization");
        if (header is null || !header.StartsWith(scheme, StringComparison.Ordinal))
            throw new RpcException(new Status(StatusCode.Unauthenticated, "a ServiceAccount token is needed (authorization: Bearer …)"));
        return await AuthenticateAsync(header[scheme.Length..], context.CancellationToken)
            ?? throw new RpcException(new Status(StatusCode.Unauthenticated, $"the token is not valid for audience {Audience}"));
    }

    /// <summary>Whether a user may have the table of the ingress, which holds private keys.</summary>
    public static bool IsIngress(string user) => user == $"system:serviceaccount:{Names.SystemNamespace}:{Names.IngressService}";
}
