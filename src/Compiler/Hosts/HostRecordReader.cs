using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Reading;

namespace Turnpike.Compiler.Hosts;

/// <summary>Reads the ConfigMaps of the system namespace in which the control plane records the namespaces of hosts and paths.</summary>
internal static class HostRecordReader
{
    /// <summary>Returns the record; null for any other ConfigMap. Only an administrator can write to the system namespace.</summary>
    public static HostRecord? Read(JsonObject raw, Profile profile)
    {
        var metadata = ObjectMetaReader.Read(raw["metadata"]);
        if (metadata.Namespace != profile.SystemNamespace || metadata.Labels.GetValueOrDefault(Names.HostRecordLabel) is not { Length: > 0 } ns)
            return null;
        var data = raw["data"] as JsonObject;
        return new HostRecord(metadata, ns, Lines(data, Names.HostRecordHostsKey), Lines(data, Names.HostRecordPathsKey));
    }

    private static ImmutableArray<string> Lines(JsonObject? data, string key) =>
        data?[key] is JsonValue value && value.TryGetValue<string>(out var text) ? [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries)] : [];
}
