namespace Turnpike.Hosting.Client;

/// <summary>How a write is to be made.</summary>
public sealed record WriteOptions
{
    public static readonly WriteOptions Default = new();

    /// <summary>Who owns the written fields.</summary>
    public string? FieldManager { get; init; }

    /// <summary>The part written instead of the object itself, such as <c>status</c>.</summary>
    public string? Subresource { get; init; }

    /// <summary>Everything but the storing is done, admission included.</summary>
    public bool DryRun { get; init; }

    /// <summary>Server-side apply only: take over fields that others own.</summary>
    public bool Force { get; init; }

    internal string Query()
    {
        List<string> terms = [];
        if (FieldManager is not null)
            terms.Add("fieldManager=" + Uri.EscapeDataString(FieldManager));
        if (DryRun)
            terms.Add("dryRun=All");
        if (Force)
            terms.Add("force=true");
        return terms.Count == 0 ? "" : "?" + string.Join('&', terms);
    }
}

/// <summary>What the body of a PATCH means.</summary>
public enum PatchKind
{
    /// <summary>RFC 6902 operations.</summary>
    Json,

    /// <summary>RFC 7396.</summary>
    Merge,

    /// <summary>Server-side apply; needs a field manager.</summary>
    Apply,
}

/// <summary>Which objects of a kind are meant.</summary>
public sealed record ResourceQuery
{
    public static readonly ResourceQuery All = new();

    /// <summary>Null or empty: the whole cluster.</summary>
    public string? Namespace { get; init; }

    public string? LabelSelector { get; init; }

    /// <summary>Such as <c>metadata.name=x</c> or <c>type=kubernetes.io/tls</c>.</summary>
    public string? FieldSelector { get; init; }

    /// <summary>How many objects the server is asked for at once.</summary>
    public int PageSize { get; init; } = 500;

    internal string Selectors() =>
        (LabelSelector is null ? "" : "&labelSelector=" + Uri.EscapeDataString(LabelSelector))
        + (FieldSelector is null ? "" : "&fieldSelector=" + Uri.EscapeDataString(FieldSelector));
}
