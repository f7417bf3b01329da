namespace Turnpike.Http.Http1;

/// <summary>How far a parser got with the bytes that it was given.</summary>
public enum ParseStatus
{
    /// <summary>The bytes are right so far, and more are needed.</summary>
    NeedMore,

    /// <summary>A piece of the body was found.</summary>
    Data,

    /// <summary>The end was found.</summary>
    Complete,

    /// <summary>A rule is broken. Nothing else on this connection can be trusted.</summary>
    Malformed,
}
