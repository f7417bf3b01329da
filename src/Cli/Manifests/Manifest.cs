using System.Text.Json.Nodes;
using Turnpike.Reading;

namespace Turnpike.Cli.Manifests;

/// <summary>The place of an object: a file (or <c>-</c>), the document in it, and the item if that document is a List.</summary>
/// <param name="File">The name of the file, or <c>-</c>.</param>
/// <param name="Document">The number of the document, counted from 1.</param>
/// <param name="Item">The number of the item, counted from 1; 0 if the document is the object itself.</param>
/// <param name="Line">The line on which the document starts, counted from 1.</param>
internal sealed record ManifestLocation(string File, int Document, int Item, int Line)
{
    public override string ToString() => Item == 0 ? $"{File}: document {Document}" : $"{File}: document {Document}, item {Item}";
}

/// <summary>One object as it was read, or the reason why it could not be read.</summary>
/// <param name="Location">The place of the object.</param>
/// <param name="Key">Kind, namespace and name; null if <paramref name="Error"/> is set.</param>
/// <param name="Root">The object.</param>
/// <param name="Error">The reason why it could not be read, or null.</param>
internal sealed record Manifest(ManifestLocation Location, ObjectKey? Key, JsonObject? Root, string? Error)
{
    /// <summary>Returns a text such as <c>httpbin.yaml: document 2 (Service default/httpbin)</c>.</summary>
    public string Describe() => Key is { } key ? $"{Location} ({key})" : Location.ToString();
}
