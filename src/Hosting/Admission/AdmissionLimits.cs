namespace Turnpike.Hosting.Admission;

/// <summary>The limits that all admission endpoints of a server share.</summary>
public sealed record AdmissionLimits
{
    /// <summary>The most bytes that request bodies and their parsed documents may take at one time.</summary>
    public long Bytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>The most bytes that one peer may take of them, so that some always remain for other peers.</summary>
    public long BytesPerPeer { get; init; } = 24 * 1024 * 1024;

    /// <summary>The most reviews that are decided at one time, each on its own thread.</summary>
    public int Handlers { get; init; } = 4;

    /// <summary>The most reviews of one peer that are decided at one time.</summary>
    public int HandlersPerPeer { get; init; } = 3;

    /// <summary>The most reviews that wait to be decided.</summary>
    public int Waiting { get; init; } = 512;

    /// <summary>The most reviews of one peer that wait to be decided.</summary>
    public int WaitingPerPeer { get; init; } = 384;

    /// <summary>
    /// The most names, values and brackets in one body. A document of empty lists takes twenty times its bytes in memory.
    /// </summary>
    public int Tokens { get; init; } = 200_000;

    /// <summary>
    /// The most log lines about malformed requests that one peer may cause at once. After that it may cause one each second.
    /// </summary>
    public int LogLines { get; init; } = 10;
}
