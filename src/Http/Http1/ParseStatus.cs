namespace Turnpike.Http.Http1;

/// <summary>How far a parser came with the bytes that it was given.</summary>
public enum ParseStatus
{
    /// <summary>All that was given is right and not the whole yet.</summary>
    NeedMore,

    /// <summary>A piece of the body was found.</summary>
    Data,

    /// <summary>The whole was found.</summary>
    Complete,

    /// <summary>A rule is broken; nothing on this connection can be trusted any more.</summary>
    Malformed,
}
