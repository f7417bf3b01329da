namespace Turnpike.Hosting.Certificates;

/// <summary>
/// Decides what the Secret shall hold. A CA is replaced in three steps, so that at no time a leaf is served that a client may not know:
/// the next CA is announced; when it is trusted everywhere it takes over; its predecessor stays trusted while leaves of it may be around.
/// </summary>
internal static class CertificatePlan
{
    /// <param name="state">What the Secret holds.</param>
    /// <param name="known">What it held when we last looked; of use when somebody has deleted it.</param>
    /// <param name="announced">Whether <see cref="CertificateState.Next"/> is trusted everywhere.</param>
    /// <param name="options">Names and lifetimes.</param>
    /// <param name="now">The time.</param>
    /// <returns><paramref name="state"/> itself when nothing is to be done.</returns>
    public static CertificateState Advance(
        CertificateState state, CertificateState? known, bool announced, CertificateOptions options, DateTimeOffset now)
    {
        state = WithAuthority(state, known, options, now);
        state = WithRotation(state, announced, options, now);
        state = WithoutPast(state, now);
        return WithLeaf(state, options, now);
    }

    /// <summary>When there will be something to do, if nobody interferes.</summary>
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

        // What we served until now shall still be trusted while the other replicas find out.
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
