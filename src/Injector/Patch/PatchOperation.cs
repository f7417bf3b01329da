using System.Text.Json.Nodes;

namespace Turnpike.Injector.Patch;

/// <summary>
/// One operation of RFC 6902. It is always <c>add</c>, because Turnpike adds what it owns and leaves the rest of an object alone. An
/// <c>add</c> to
/// an existing member of an object replaces its value.
/// </summary>
/// <param name="Path">The place as a JSON pointer (RFC 6901).</param>
/// <param name="Value">The value. It belongs to the operation: clone it before giving it a parent.</param>
public sealed record PatchOperation(string Path, JsonNode? Value)
{
    public const string Op = "add";
}
