namespace Turnpike.Hosting.Admission;

/// <summary>What all admission endpoints of a server may take together.</summary>
public sealed record AdmissionLimits
{
    /// <summary>Bytes of request bodies, and of what is made of them, at one time.</summary>
    public long Bytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>Of one peer. The rest is for others, whatever it does.</summary>
    public long BytesPerPeer { get; init; } = 24 * 1024 * 1024;

    /// <summary>Reviews that are decided at one time, each on a thread of its own.</summary>
    public int Handlers { get; init; } = 4;

    /// <summary>Of one peer.</summary>
    public int HandlersPerPeer { get; init; } = 3;

    /// <summary>Reviews that wait for that.</summary>
    public int Waiting { get; init; } = 512;

    /// <summary>Of one peer.</summary>
    public int WaitingPerPeer { get; init; } = 384;

    /// <summary>Names, values and brackets of one body: a document of empty lists takes twenty times its bytes in memory.</summary>
    public int Tokens { get; init; } = 200_000;

    /// <summary>Log lines about malformed requests that a peer may cause at once; then one each second.</summary>
    public int LogLines { get; init; } = 10;
}
