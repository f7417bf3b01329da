using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Turnpike.Hosting;
using Turnpike.Hosting.Client;
using Turnpike.Hosting.Serving;
using WriteOptions = Turnpike.Hosting.Client.WriteOptions;

namespace Turnpike.Discovery;

/// <summary>
/// Authenticates a caller by its projected ServiceAccount token and a TokenReview. A token that cannot be valid is refused by its form,
/// without a review. The reviews that one peer can cause are limited, so that they burden neither the API server nor other peers.
/// </summary>
public sealed class ProxyAuthenticator(KubeApi api, ILogger<ProxyAuthenticator> log, TimeProvider clock)
{
    // The time is long enough for the reconnects after a restart of the control plane, and short enough for a revoked token.
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(1);

    // This time applies while the API server does not respond. The kubelet renews a token of one hour when twelve minutes of it are left.
    private static readonly TimeSpan RememberedInNeed = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan RememberedAsBad = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ResponseWithin = TimeSpan.FromSeconds(5);

    private readonly BoundedCache<Caller> _good = new(DiscoveryLimits.RememberedTokens);
    private readonly BoundedCache<string> _bad = new(DiscoveryLimits.RememberedTokens);
    private readonly PeerAllowance _allowance = new(DiscoveryLimits.BadTokensAtOnce, DiscoveryLimits.BadTokenEvery, DiscoveryLimits.RememberedPeers);
    private readonly FairGate<PeerAddress> _asking = new(DiscoveryLimits.TokenReviews, DiscoveryLimits.TokenReviewsPerPeer, DiscoveryLimits.TokensWaiting, DiscoveryLimits.TokensWaitingPerPeer);
    private int _silent;

    /// <summary>Returns the caller that a token belongs to.</summary>
    /// <param name="peer">The peer that sent the token.</param>
    /// <param name="token">The token, not yet verified.</param>
    /// <param name="ways">The access rules of the service; the first whose audience is in the token applies.</param>
    /// <param name="ct">Cancels the wait.</param>
    /// <exception cref="RefusedCallException">The token gives no access, or it cannot be reviewed now.</exception>
    internal async Task<Caller> AuthenticateAsync(PeerAddress peer, string token, ServiceAccess[] ways, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (ServiceAccountToken.TryRead(token) is not { } claims)
            throw new RefusedCallException(StatusCode.Unauthenticated, "what was sent is not a ServiceAccount token: it is no JWT with sub, aud and exp");
        if (ways.FirstOrDefault(w => claims.Audiences.Contains(w.Audience)) is not { } access)
            throw NotFor(string.Join(" or ", ways.Select(w => w.Audience)));
        if (claims.Expires <= now)
            throw new RefusedCallException(StatusCode.Unauthenticated, "the token has expired");
        // The claimed name is not verified yet, but a caller gains nothing by a false one: refusing here needs no review.
        if (!access.Admits(claims.Subject))
            throw new RefusedCallException(StatusCode.PermissionDenied, $"{SafeText.Of(claims.Subject)} {access.Refusal}");

        // The cache holds a hash and never the token itself, because memory may end up in a dump.
        var hash = access.Audience + Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
        var known = _good.TryGet(hash, out var caller, out var goodAt) && now - goodAt < RememberedInNeed ? caller : null;
        if (known is not null && now - goodAt < Remembered)
            return known;
        if (_bad.TryGet(hash, out var why, out var badAt) && now - badAt < RememberedAsBad)
            throw new RefusedCallException(StatusCode.Unauthenticated, why);
        return await AskAsync(peer, token, hash, claims, access, known, ct);
    }

    private async Task<Caller> AskAsync(
        PeerAddress peer, string token, string hash, ServiceAccountToken claims, ServiceAccess access, Caller? inNeed, CancellationToken ct)
    {
        if (!_allowance.TryTake(peer, clock.GetUtcNow()))
            throw new RefusedCallException(StatusCode.ResourceExhausted, $"too many tokens from {peer} were not valid; try again in some seconds");
        Caller? caller;
        try
        {
            using var deadline = new CancellationTokenSource(ResponseWithin, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, deadline.Token);
            using var slot = await _asking.EnterAsync(peer, either.Token)
                ?? throw new RefusedCallException(StatusCode.ResourceExhausted, $"too many tokens from {peer} are being checked; try again");
            caller = await ReviewAsync(token, claims, access.Audience, either.Token);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is not RefusedCallException)
        {
            _allowance.GiveBack(peer, clock.GetUtcNow());
            if (Interlocked.Exchange(ref _silent, 1) == 0)
                log.TokensUnchecked(SafeText.Of(e.Message), RememberedInNeed.TotalMinutes);
            return inNeed ?? throw new RefusedCallException(StatusCode.Unavailable, "the token cannot be checked, because the API server does not respond; try again");
        }
        if (Interlocked.Exchange(ref _silent, 0) == 1)
            log.TokensCheckedAgain();
        if (caller is null || caller.User != claims.Subject || !access.Admits(caller.User))
        {
            _good.Remove(hash);
            var refusal = NotFor(access.Audience);
            _bad.Put(hash, refusal.Message, clock.GetUtcNow());
            throw refusal;
        }
        _allowance.GiveBack(peer, clock.GetUtcNow());
        caller = caller with { Role = access.Role };
        _good.Put(hash, caller, clock.GetUtcNow());
        return caller;
    }

    private async Task<Caller?> ReviewAsync(string token, ServiceAccountToken claims, string audience, CancellationToken ct)
    {
        var review = new JsonObject
        {
            ["apiVersion"] = KnownResources.TokenReviews.ApiVersion,
            ["kind"] = KnownResources.TokenReviews.Kind,
            ["spec"] = new JsonObject { ["token"] = token, ["audiences"] = new JsonArray(audience) },
        };
        var response = await api.CreateAsync(KnownResources.TokenReviews, "", review, WriteOptions.Default, ct);
        var status = response.Child("status");
        var authenticated = status?.Child("authenticated") is { ValueKind: JsonValueKind.True };
        var forUs = status?.Child("audiences") is { ValueKind: JsonValueKind.Array } audiences && audiences.EnumerateArray().Any(a => a.ValueEquals(audience));
        if (!authenticated || !forUs || status?.Child("user") is not { } user || user.Text("username") is not { Length: > 0 } name)
            return null;
        // The API server has verified the signature, so the claims are true. Its response does not say when the token expires.
        return new Caller(name, NamespaceOf(name), PodOf(user), claims.Expires);
    }

    private static string NamespaceOf(string user) => user.Split(':') is ["system", "serviceaccount", var ns, _] ? ns : "";

    private static string? PodOf(JsonElement user) =>
        user.Child("extra")?.Child("authentication.kubernetes.io/pod-name") is { ValueKind: JsonValueKind.Array } pods && pods.GetArrayLength() == 1 && pods[0].ValueKind == JsonValueKind.String
            ? pods[0].GetString()
            : null;

    private static RefusedCallException NotFor(string audience) => new(StatusCode.Unauthenticated, $"the token is not valid for audience {audience}");
}
