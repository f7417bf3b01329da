using Turnpike.Compiler.Model;

namespace Turnpike.Compiler.Incremental;

/// <summary>An object that claims paths, with what compiling it came to.</summary>
internal sealed class ObjectUnit(HostRequest request)
{
    public HostRequest Request => request;

    public Unit Said { get; set; } = Unit.Empty;

    /// <summary>The place of the object among all, the oldest first. A change of others may move it, never past another one.</summary>
    public int Order { get; set; }

    /// <summary>The round of compilation in which the object was there last.</summary>
    public long Round { get; set; }
}
