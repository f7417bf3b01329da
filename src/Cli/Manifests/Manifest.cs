using System.Text.Json.Nodes;
using Turnpike.Reading;

namespace Turnpike.Cli.Manifests;

/// <summary>Where an object was read: a file (or <c>-</c>), the document in it, and the item where that document is a List.</summary>
/// <param name="Document">1-based.</param>
/// <param name="Item">1-based, or 0 where the document is the object itself.</param>
/// <param name="Line">1-based line on which the document starts.</param>
internal sealed record ManifestLocation(string File, int Document, int Item, int Line)
{
    public override string ToString() => Item == 0 ? $"{File}: document {Document}" : $"{File}: document {Document}, item {Item}";
}

/// <summary>One object as it was read, or the reason why it could not be.</summary>
/// <param name="Key">Kind, namespace and name; null where <paramref name="Error"/> is set.</param>
internal sealed record Manifest(ManifestLocation Location, ObjectKey? Key, JsonObject? Root, string? Error)
{
    /// <summary><c>httpbin.yaml: document 2 (Service default/httpbin)</c>.</summary>
    public string Describe() => Key is { } key ? $"{Location} ({key})" : Location.ToString();
}
