namespace Turnpike.Hosting.Client;

/// <summary>The options of a write.</summary>
public sealed record WriteOptions
{
    public static readonly WriteOptions Default = new();

    /// <summary>The field manager that owns the written fields.</summary>
    public string? FieldManager { get; init; }

    /// <summary>The subresource that is written instead of the object itself, such as <c>status</c>.</summary>
    public string? Subresource { get; init; }

    /// <summary>Runs the whole request, admission included, without storing the object.</summary>
    public bool DryRun { get; init; }

    /// <summary>Takes over fields that other field managers own. It applies to server-side apply only.</summary>
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

/// <summary>The form of the body of a PATCH.</summary>
public enum PatchKind
{
    /// <summary>A JSON patch (RFC 6902).</summary>
    Json,

    /// <summary>A JSON merge patch (RFC 7396).</summary>
    Merge,

    /// <summary>Server-side apply, which needs a field manager.</summary>
    Apply,
}

/// <summary>Selects objects of a kind.</summary>
public sealed record ResourceQuery
{
    public static readonly ResourceQuery All = new();

    /// <summary>The namespace; null or empty for the whole cluster.</summary>
    public string? Namespace { get; init; }

    public string? LabelSelector { get; init; }

    /// <summary>A field selector such as <c>metadata.name=x</c> or <c>type=kubernetes.io/tls</c>.</summary>
    public string? FieldSelector { get; init; }

    /// <summary>The most objects in one page of a list.</summary>
    public int PageSize { get; init; } = 500;

    /// <summary>Selects the one object of this name.</summary>
    public static ResourceQuery Named(NamespacedName key) =>
        new() { Namespace = key.Namespace, FieldSelector = $"metadata.name={key.Name}" };

    internal string Selectors() =>
        (LabelSelector is null ? "" : "&labelSelector=" + Uri.EscapeDataString(LabelSelector))
        + (FieldSelector is null ? "" : "&fieldSelector=" + Uri.EscapeDataString(FieldSelector));
}
