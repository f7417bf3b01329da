using Turnpike.Compiler.Model;

namespace Turnpike.Compiler.Incremental;

/// <summary>An object that claims paths, with the outcome of compiling it.</summary>
internal sealed class ObjectUnit(HostRequest request)
{
    public HostRequest Request => request;

    public Unit Said { get; set; } = Unit.Empty;

    /// <summary>
    /// The position of the object among all, the oldest first. Changes of other objects may shift it, but never past another object.
    /// </summary>
    public int Order { get; set; }

    /// <summary>The last round of compilation in which the object existed.</summary>
    public long Round { get; set; }
}
