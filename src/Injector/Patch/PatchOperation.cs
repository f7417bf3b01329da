using System.Text.Json.Nodes;

namespace Turnpike.Injector.Patch;

/// <summary>
/// One RFC 6902 operation. It is always <c>add</c>: Turnpike adds what it owns and leaves the rest of an object alone.
/// Added to an existing member of an object, the value replaces what is there.
/// </summary>
/// <param name="Path">Where, as a JSON pointer (RFC 6901).</param>
/// <param name="Value">What. Belongs to the operation: clone it before giving it a parent.</param>
public sealed record PatchOperation(string Path, JsonNode? Value)
{
    public const string Op = "add";
}
