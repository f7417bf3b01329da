using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Turnpike.Api;
using Turnpike.Hosting.Api;
using WriteOptions = Turnpike.Hosting.Api.WriteOptions;

namespace Turnpike.Discovery;

/// <summary>Who a proxy is, by its projected ServiceAccount token and TokenReview.</summary>
public sealed class ProxyAuthenticator(KubeApi api, ILogger<ProxyAuthenticator> log, TimeProvider clock) : IDisposable
{
    /// <summary>What a token must have been made for.</summary>
    public const string Audience = Names.DiscoveryAudience;

    // Long enough for the reconnects after a restart of the control plane, short enough for a revoked token.
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(1);

    // While the API server does not answer. The kubelet renews a token of one hour when twelve minutes of it are left.
    private static readonly TimeSpan RememberedInNeed = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);
    private static readonly ResourceRef TokenReviews = new("authentication.k8s.io", "v1", "tokenreviews", "TokenReview");

    private readonly ConcurrentDictionary<string, (string User, DateTimeOffset At)> _known = new(StringComparer.Ordinal);

    // Strangers may make us ask, but not without end at once.
    private readonly SemaphoreSlim _asking = new(32);
    private int _silent;

    /// <summary>The user name of the token, such as <c>system:serviceaccount:istio-system:istio-ingress</c>; null where it proves nothing.</summary>
    /// <exception cref="RpcException">The API server cannot be asked, and the token is not one that was good a short while ago.</exception>
    public async Task<string?> AuthenticateAsync(string token, CancellationToken ct)
    {
        if (string.IsNullOrWhiteSpace(token))
            return null;
        // Never the token itself: what is kept may end up in a dump.
        var hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
        var now = clock.GetUtcNow();
        if (_known.TryGetValue(hash, out var known) && now - known.At < Remembered)
            return known.User;
        string? user;
        try
        {
            user = await ReviewAsync(token, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            if (Interlocked.Exchange(ref _silent, 1) == 0)
                log.TokensUnchecked(e.Message, RememberedInNeed.TotalMinutes);
            if (known.User is not null && now - known.At < RememberedInNeed)
                return known.User;
            throw new RpcException(new Status(StatusCode.Unavailable, "the token cannot be checked, because the API server does not answer; try again"));
        }
        if (Interlocked.Exchange(ref _silent, 0) == 1)
            log.TokensCheckedAgain();
        foreach (var (old, entry) in _known)
        {
            if (now - entry.At >= RememberedInNeed)
                _known.TryRemove(old, out _);
        }
        if (user is null)
            _known.TryRemove(hash, out _);
        else
            _known[hash] = (user, now);
        return user;
    }

    /// <summary>Who calls, by the bearer token of the call.</summary>
    /// <exception cref="RpcException">The call proves no identity.</exception>
    internal async Task<string> CallerAsync(ServerCallContext context, CancellationToken ct)
    {
        const string scheme = "Bearer ";
        var header = context.RequestHeaders.GetValue("authorization");
        if (header is null || !header.StartsWith(scheme, StringComparison.Ordinal))
            throw new RpcException(new Status(StatusCode.Unauthenticated, "a ServiceAccount token is needed (authorization: Bearer …)"));
        return await AuthenticateAsync(header[scheme.Length..], ct)
            ?? throw new RpcException(new Status(StatusCode.Unauthenticated, $"the token is not valid for audience {Audience}"));
    }

    public void Dispose() => _asking.Dispose();

    private async Task<string?> ReviewAsync(string token, CancellationToken ct)
    {
        using var deadline = new CancellationTokenSource(AnswerWithin, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, deadline.Token);
        await _asking.WaitAsync(either.Token);
        try
        {
            var review = new JsonObject
            {
                ["apiVersion"] = TokenReviews.ApiVersion,
                ["kind"] = TokenReviews.Kind,
                ["spec"] = new JsonObject { ["token"] = token, ["audiences"] = new JsonArray(Audience) },
            };
            var answer = await api.CreateAsync(TokenReviews, "", review, WriteOptions.Default, either.Token);
            var status = answer.Child("status");
            var authenticated = status?.Child("authenticated") is { ValueKind: JsonValueKind.True };
            var forUs = status?.Child("audiences") is { ValueKind: JsonValueKind.Array } audiences && audiences.EnumerateArray().Any(a => a.ValueEquals(Audience));
            return authenticated && forUs && status?.Child("user")?.Text("username") is { Length: > 0 } user ? user : null;
        }
        finally
        {
            _asking.Release();
        }
    }

    /// <summary>Whether a user may have the table of the ingress, which holds private keys.</summary>
    public static bool IsIngress(string user) => user == $"system:serviceaccount:{Names.SystemNamespace}:{Names.IngressService}";
}
