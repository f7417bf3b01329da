namespace Turnpike.Hosting.Certificates;

/// <summary>
/// Decides what the Secret should hold. An authority is replaced in three steps, so that no leaf is ever served that a client may not
/// trust: the next authority is announced; when all clients trust it, it begins to sign; the old one stays trusted while its leaves may
/// still be in use.
/// </summary>
internal static class CertificatePlan
{
    /// <summary>Returns the next state.</summary>
    /// <param name="state">What the Secret holds.</param>
    /// <param name="known">What it held at the last reconcile, for the case that it has been deleted since.</param>
    /// <param name="announced">Whether all clients trust <see cref="CertificateState.Next"/>.</param>
    /// <param name="options">Names and lifetimes.</param>
    /// <param name="now">The current time.</param>
    /// <returns><paramref name="state"/> itself when there is nothing to change.</returns>
    public static CertificateState Advance(
        CertificateState state, CertificateState? known, bool announced, CertificateOptions options, DateTimeOffset now)
    {
        state = WithAuthority(state, known, options, now);
        state = WithRotation(state, announced, options, now);
        state = WithoutPast(state, now);
        return WithLeaf(state, options, now);
    }

    /// <summary>Returns the time of the next change that the passing of time causes.</summary>
    public static DateTimeOffset NextChange(CertificateState state)
    {
        var next = state.Leaf!.RenewAt;
        if (state.Next is null && state.Authority!.RenewAt < next)
            next = state.Authority.RenewAt;
        return state.RetiredUntil < next ? state.RetiredUntil.Value : next;
    }

    private static CertificateState WithAuthority(
        CertificateState state, CertificateState? known, CertificateOptions options, DateTimeOffset now)
    {
        if (state.Authority?.IsValidAt(now) == true)
            return state;
        if (state.Next?.IsValidAt(now) == true)
            return Promote(state, now);

        // The authority of the leaf that is served now stays trusted until the other replicas have noticed the change.
        var old = known?.Authority is { } lost && lost.IsValidAt(now) && known.Leaf is not null ? known : null;
        return new()
        {
            Authority = CertificateIssuer.NewAuthority(options.Secret.Name, now, options.AuthorityLifetime),
            Retired = old?.Authority!.CertificatePem,
            RetiredUntil = old?.Leaf!.NotAfter,
        };
    }

    private static CertificateState WithRotation(CertificateState state, bool announced, CertificateOptions options, DateTimeOffset now)
    {
        if (state.Next?.IsValidAt(now) == true)
            return announced ? Promote(state, now) : state;
        if (now < state.Authority!.RenewAt)
            return state.Next is null ? state : state with { Next = null };
        return state with { Next = CertificateIssuer.NewAuthority(options.Secret.Name, now, options.AuthorityLifetime) };
    }

    private static CertificateState Promote(CertificateState state, DateTimeOffset now)
    {
        var stillNeeded = state.Authority?.IsValidAt(now) == true && state.Leaf is not null;
        return new()
        {
            Authority = state.Next,
            Retired = stillNeeded ? state.Authority!.CertificatePem : null,
            RetiredUntil = stillNeeded ? state.Leaf!.NotAfter : null,
        };
    }

    private static CertificateState WithoutPast(CertificateState state, DateTimeOffset now) =>
        (state.Retired is null && state.RetiredUntil is null) || (state.Retired is not null && state.RetiredUntil > now)
            ? state
            : state with { Retired = null, RetiredUntil = null };

    private static CertificateState WithLeaf(CertificateState state, CertificateOptions options, DateTimeOffset now)
    {
        var authority = state.Authority!;
        var good = state.Leaf is { } leaf
            && leaf.IsValidAt(now)
            && now < leaf.RenewAt
            && options.DnsNames.All(name => leaf.Certificate.MatchesHostname(name, allowWildcards: false, allowCommonName: false))
            && CertificateIssuer.Chains(leaf.Certificate, authority.CertificatePem, now);
        return good ? state : state with { Leaf = CertificateIssuer.NewLeaf(authority, options.DnsNames, now, options.LeafLifetime) };
    }
}
