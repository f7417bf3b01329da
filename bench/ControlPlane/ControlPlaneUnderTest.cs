using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Turnpike.Compiler;
using Turnpike.Protocol;
using Turnpike.Reading;
using Turnpike.Routing;

namespace Turnpike.Bench.ControlPlane;

/// <summary>Does with a changed object what a replica of the control plane does, without the network and the wait for others.</summary>
internal sealed class ControlPlaneUnderTest
{
    private readonly ObjectStore _store = new();
    private readonly IncrementalCompiler _compiler = new();
    private TableResources _resources = TableResources.None;

    /// <summary>Takes in an object as a watch brings it: as JSON text.</summary>
    public void Take(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        var raw = JsonObject.Create(document.RootElement)!;
        _store.Put(KeyOf(raw), ReadObject.From(raw));
    }

    public void Remove(string kind, string ns, string name) => _store.Remove(new ObjectKey(kind, ns, name));

    /// <summary>Compiles, and returns the bytes of the update that a proxy with the table before gets.</summary>
    public (byte[] Update, int Changed, int Diagnostics) Publish()
    {
        var (snapshot, invalid) = _store.Snapshot();
        var compilation = _compiler.Compile(snapshot);
        var resources = TableResources.Of(compilation.Table, _resources);
        var delta = resources.Since(_resources);
        _resources = resources;
        var update = WireResources.ToWire(delta).ToByteArray();
        return (update, delta.Changed.Length + delta.Removed.Length, invalid.Length + compilation.Diagnostics.Length);
    }

    private static ObjectKey KeyOf(JsonObject raw)
    {
        var metadata = raw["metadata"]!.AsObject();
        return new ObjectKey((string)raw["kind"]!, (string?)metadata["namespace"] ?? "", (string)metadata["name"]!);
    }
}
