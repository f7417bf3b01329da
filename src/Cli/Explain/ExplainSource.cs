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

/// <summary>The table that a request is explained by, and what is known of how it came about.</summary>
/// <param name="Name">Where the table comes from, for people.</param>
/// <param name="Snapshot">What it was compiled from; null where only the table is there.</param>
/// <param name="Notes">What limits the explanation.</param>
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
            return new ExplainSource($"table {file}", table, null, [], ["rules that are not in the table are not known: a cluster or a directory tells more"]);
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
            notes.Add($"you may not list {string.Join(", ", reading.Unreadable)}, or the cluster does not have them: they are taken as if there were none");
        else if (await VersionInForceAsync(api, profile, ct) is { } version && version != table.Version)
            notes.Add($"the control plane's table is {version}, that of the cluster as you see it {table.Version}: a change is under way, or an invalid object's last good version is in force");
        return new ExplainSource($"cluster {cluster.Server}", table, reading.Snapshot, reading.Diagnostics.AddRange(compilation.Diagnostics), [.. notes]);
    });

    /// <summary>What the leader of the control plane says that it has compiled; null where it does not say.</summary>
    private static async Task<string?> VersionInForceAsync(KubeApi api, Profile profile, CancellationToken ct)
    {
        try
        {
            var status = await api.FindAsync(KnownResources.ConfigMaps, new NamespacedName(profile.SystemNamespace, Names.StatusConfigMap), ct);
            return status?.Child("data")?.Child("tableVersion") is { ValueKind: JsonValueKind.String } version ? version.GetString() : null;
        }
        catch (KubeStatusException)
        {
            return null;
        }
    }
}
