using System.Collections.Immutable;
using System.Text;
using Turnpike.Reading;

namespace Turnpike.Compiler.Hosts;

/// <summary>The hosts and paths of one namespace, as its record in the system namespace lists them.</summary>
/// <param name="Metadata">The metadata of the ConfigMap that holds the record; empty when there is none yet.</param>
/// <param name="Hosts">
/// The hosts in ordinal order. <see cref="HostClaims.Fallback"/> among them stands for the fallback certificate.
/// </param>
/// <param name="Paths">
/// The paths on hosts that the namespace does not own, each as host, blank and path condition, in ordinal order.
/// </param>
public sealed record HostRecord(ObjectMeta Metadata, string Namespace, ImmutableArray<string> Hosts, ImmutableArray<string> Paths)
{
    // The API server takes 1 MiB for an object. Hosts and paths beyond that are not recorded and go to the oldest object. A namespace can
    // fill only its own record.
    private const int MaxBytes = 900_000;

    public bool IsEmpty => Hosts.IsEmpty && Paths.IsEmpty;

    public string HostLines => string.Join('\n', Hosts);

    public string PathLines => string.Join('\n', Paths);

    public bool Says(HostRecord? other) =>
        other is not null && Namespace == other.Namespace && Hosts.SequenceEqual(other.Hosts, StringComparer.Ordinal) && Paths.SequenceEqual(other.Paths, StringComparer.Ordinal);

    public static HostRecord Of(string ns, IEnumerable<string> hosts, IEnumerable<string> paths)
    {
        var left = MaxBytes;
        var fittingHosts = Fitting(hosts, ref left);
        return new HostRecord(new ObjectMeta(), ns, fittingHosts, Fitting(paths, ref left));
    }

    private static ImmutableArray<string> Fitting(IEnumerable<string> lines, ref int left)
    {
        var fitting = ImmutableArray.CreateBuilder<string>();
        foreach (var line in lines.Order(StringComparer.Ordinal))
        {
            var bytes = Encoding.UTF8.GetByteCount(line) + 1;
            if (bytes > left || line.AsSpan().ContainsAny('\n', '\r'))
                continue;
            left -= bytes;
            fitting.Add(line);
        }
        return fitting.ToImmutable();
    }
}

/// <summary>
/// The namespaces that held each host, and each path of a host of another namespace, when the hosts were last assigned. A namespace keeps a
/// host or path while its objects name it; one without a holder goes to the oldest object.
/// </summary>
public sealed class HostClaims
{
    /// <summary>The name that stands, in place of a host, for the certificate of hosts that have none.</summary>
    public const string Fallback = "*";

    private readonly Dictionary<string, string> _hosts;
    private readonly Dictionary<string, string> _paths;

    private HostClaims(IEnumerable<KeyValuePair<string, string>> hosts, IEnumerable<KeyValuePair<string, string>> paths)
    {
        _hosts = new(hosts, StringComparer.Ordinal);
        _paths = new(paths, StringComparer.Ordinal);
    }

    public static HostClaims None { get; } = new([], []);

    /// <summary>
    /// Builds the claims from records. Two records that list the same host were written at different moments; the first by name counts, so
    /// that every replica gets the same result.
    /// </summary>
    public static HostClaims Of(IEnumerable<HostRecord> records)
    {
        var hosts = new Dictionary<string, string>(StringComparer.Ordinal);
        var paths = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var record in records.OrderBy(r => r.Namespace, StringComparer.Ordinal))
        {
            foreach (var host in record.Hosts)
                hosts.TryAdd(host, record.Namespace);
            foreach (var path in record.Paths)
                paths.TryAdd(path, record.Namespace);
        }
        return hosts.Count + paths.Count == 0 ? None : new HostClaims(hosts, paths);
    }

    internal static HostClaims Of(IEnumerable<KeyValuePair<string, string>> hosts, IEnumerable<KeyValuePair<string, string>> paths) => new(hosts, paths);

    internal bool HasPaths => _paths.Count > 0;

    public string? OwnerOf(string host) => _hosts.GetValueOrDefault(host);

    /// <param name="path">The path as host, blank and path condition.</param>
    public string? HolderOf(string path) => _paths.GetValueOrDefault(path);

    /// <summary>Returns one record for each namespace that holds a host or a path, in ordinal order.</summary>
    public ImmutableArray<HostRecord> Records()
    {
        var hosts = _hosts.ToLookup(h => h.Value, h => h.Key, StringComparer.Ordinal);
        var paths = _paths.ToLookup(p => p.Value, p => p.Key, StringComparer.Ordinal);
        return [.. hosts.Select(h => h.Key).Union(paths.Select(p => p.Key), StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(ns => HostRecord.Of(ns, hosts[ns], paths[ns]))];
    }
}
