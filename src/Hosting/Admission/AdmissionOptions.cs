namespace Turnpike.Hosting.Admission;

/// <summary>Decides one request. When it throws, <see cref="AdmissionOptions.OnFailure"/> decides instead.</summary>
public delegate ValueTask<AdmissionResponse> AdmissionHandler(AdmissionRequest request, CancellationToken ct);

/// <summary>The decision when a handler fails.</summary>
public enum AdmissionFailure
{
    /// <summary>The object is allowed, with a warning to the user.</summary>
    AllowWithWarning,

    Deny,
}

/// <summary>The result of a request.</summary>
public enum AdmissionResult
{
    Allowed,
    Patched,
    Denied,

    /// <summary>The handler threw or took too long, and <see cref="AdmissionOptions.OnFailure"/> decided.</summary>
    Failed,

    /// <summary>The body was not an admission review. The response was a 4xx.</summary>
    Malformed,

    /// <summary>A limit was reached, or the review did not get its turn in time. The response was a 503.</summary>
    Overloaded,
}

/// <summary>A finished request, for metrics.</summary>
public sealed record AdmissionObservation(string Path, AdmissionRequest? Request, AdmissionResult Result, TimeSpan Duration);

/// <summary>The options of one admission endpoint.</summary>
public sealed record AdmissionOptions
{
    public AdmissionFailure OnFailure { get; init; } = AdmissionFailure.Deny;

    public int LargestBody { get; init; } = 4 * 1024 * 1024;

    /// <summary>Called for every finished request.</summary>
    public Action<AdmissionObservation>? Observed { get; init; }
}
