namespace Turnpike.Hosting.Admission;

/// <summary>Answers one request. What it throws is answered by <see cref="AdmissionOptions.OnFailure"/>.</summary>
public delegate ValueTask<AdmissionResponse> AdmissionHandler(AdmissionRequest request, CancellationToken ct);

/// <summary>What is answered when a handler fails.</summary>
public enum AdmissionFailure
{
    /// <summary>Let it pass and tell the user so.</summary>
    AllowWithWarning,

    Deny,
}

/// <summary>What became of a request.</summary>
public enum AdmissionResult
{
    Allowed,
    Patched,
    Denied,

    /// <summary>The handler threw or took too long; the policy answered.</summary>
    Failed,

    /// <summary>No admission review: answered with a 4xx.</summary>
    Malformed,

    /// <summary>There was no room or no time for it: answered with a 503.</summary>
    Overloaded,
}

/// <summary>One finished request, for metrics.</summary>
public sealed record AdmissionObservation(string Path, AdmissionRequest? Request, AdmissionResult Result, TimeSpan Duration);

/// <summary>How an admission endpoint behaves.</summary>
public sealed record AdmissionOptions
{
    public AdmissionFailure OnFailure { get; init; } = AdmissionFailure.Deny;

    public int LargestBody { get; init; } = 4 * 1024 * 1024;

    /// <summary>Told of every finished request.</summary>
    public Action<AdmissionObservation>? Observed { get; init; }
}
