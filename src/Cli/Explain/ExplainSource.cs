using System.Collections.Immutable;
using System.Text.Json;
using Turnpike.Api;
using Turnpike.Cli.Cluster;
using Turnpike.Cli.Manifests;
using Turnpike.Compiler;
using Turnpike.Discovery;
using Turnpike.Hosting.Client;
using Turnpike.Routing;

namespace Turnpike.Cli.Explain;

/// <summary>The table by which a request is explained, with its origin.</summary>
/// <param name="Name">The origin of the table, for people.</param>
/// <param name="Table">The table.</param>
/// <param name="Snapshot">The objects that it was compiled from; null if only the table is known.</param>
/// <param name="Diagnostics">The findings of the compilation.</param>
/// <param name="Notes">The limits of the explanation.</param>
internal sealed record ExplainSource(
    string Name, RouteTable Table, ClusterSnapshot? Snapshot, ImmutableArray<Diagnostic> Diagnostics, ImmutableArray<string> Notes)
{
    public static ExplainSource OfDirectory(string directory, string ns, Profile profile)
    {
        var config = ConfigDirectory.Open(directory, ns, profile).Load();
        return new ExplainSource($"directory {directory}", config.Table, config.Snapshot, config.Diagnostics, []);
    }

    public static ExplainSource OfTable(string file)
    {
        try
        {
            var table = RouteTableJson.Deserialize(File.ReadAllBytes(file));
            const string note = "rules that are not in the table are not known; explain by a cluster or a directory to see them";
            return new ExplainSource($"table {file}", table, null, [], [note]);
        }
        catch (FormatException e)
        {
            throw new CommandException($"--table: \"{file}\": {CommandException.OneLine(e.Message)}; turnpike compile writes one");
        }
        catch (Exception e) when (FileFault.Is(e))
        {
            throw new CommandException($"--table: {FileFault.Reading(file, e)}");
        }
    }

    public static Task<ExplainSource> OfClusterAsync(ClusterAccess cluster, CancellationToken ct) => cluster.RunAsync(async api =>
    {
        var profile = await cluster.ProfileAsync(api, ct);
        var reading = await new ClusterReader(api, profile).ReadAsync(ct);
        var compilation = RouteCompiler.Compile(reading.Snapshot);
        var table = RouteTableJson.WithVersion(compilation.Table);
        var notes = new List<string>();
        if (reading.Unreadable.Length > 0)
        {
            notes.Add($"you may not list {string.Join(", ", reading.Unreadable)}, or the cluster does not serve them: "
                + "they are treated as if there were none");
        }
        else if (await EffectiveVersionAsync(api, profile, ct) is { } version && version != table.Version)
        {
            notes.Add($"the control plane has table {version}, the objects that you see make {table.Version}: "
                + "a change is in progress, or the last good version of an invalid object is in force");
        }
        var diagnostics = reading.Diagnostics.AddRange(compilation.Diagnostics);
        return new ExplainSource($"cluster {cluster.Server}", table, reading.Snapshot, diagnostics, [.. notes]);
    });

    /// <summary>Returns the version of the table that the leader of the control plane has compiled; null if it is not reported.</summary>
    private static async Task<string?> EffectiveVersionAsync(KubeApi api, Profile profile, CancellationToken ct)
    {
        try
        {
            var key = new NamespacedName(profile.SystemNamespace, Names.StatusConfigMap);
            var status = await api.FindAsync(KnownResources.ConfigMaps, key, ct);
            return status?.Child("data")?.Child("tableVersion") is { ValueKind: JsonValueKind.String } version ? version.GetString() : null;
        }
        catch (KubeStatusException)
        {
            return null;
        }
    }
}
