using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Turnpike.Routing;

/// <summary>
/// The wire form of a table: JSON. A field that is missing has its default, and a field that is unknown is ignored, so that a
/// proxy and a control plane of neighbouring versions understand each other (<see cref="TableFormat"/>).
/// </summary>
public static class RouteTableJson
{
    /// <summary>Returns the wire form of a table.</summary>
    public static byte[] Serialize(RouteTable table) =>
        JsonSerializer.SerializeToUtf8Bytes(ToDocument(table), RouteTableContext.Default.RouteTableDocument);

    /// <summary>Returns the table that a wire form describes.</summary>
    /// <exception cref="FormatException">The bytes are not a table; the message says why. Nothing else is thrown.</exception>
    public static RouteTable Deserialize(ReadOnlySpan<byte> utf8)
    {
        try
        {
            var document = JsonSerializer.Deserialize(utf8, RouteTableContext.Default.RouteTableDocument)
                ?? throw new FormatException("the route table is null");
            TableFormat.Require(document.Format);
            return FromDocument(document);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or NullReferenceException or NotSupportedException)
        {
            throw new FormatException($"not a route table: {e.Message}", e);
        }
    }

    /// <summary>
    /// Returns the table with its <see cref="RouteTable.Version"/>, which is the <see cref="TableResources.TableVersion"/> of its content.
    /// </summary>
    public static RouteTable WithVersion(RouteTable table) => table with { Version = TableResources.Of(table).TableVersion };

    private static RouteTableDocument ToDocument(RouteTable table) => new()
    {
        Format = TableFormat.Current,
        Version = table.Version,
        Listeners = [.. table.Listeners.Select(ListenerDocument.Of)],
        Routes = [.. RouteLinks.ListsOf(table).Select(RouteListDocument.Of)],
        Clusters = table.Clusters.All,
        Certificates = table.Certificates,
        Settings = table.Settings,
    };

    private static RouteTable FromDocument(RouteTableDocument document)
    {
        var lists = document.Routes.IsDefault
            ? []
            : document.Routes.Select(r => r.ToList()).ToDictionary(l => l.Name, StringComparer.Ordinal);
        return new RouteTable
        {
            Version = document.Version ?? "",
            Listeners = document.Listeners.IsDefault
                ? []
                : [.. document.Listeners.Select(l => l.ToListener() with { Hosts = Hosts(l.Hosts, lists) })],
            Clusters = document.Clusters.IsDefaultOrEmpty ? ClusterSet.Empty : new ClusterSet(document.Clusters),
            Certificates = Named(document.Certificates),
            Settings = document.Settings ?? new ProxySettings(),
        };
    }

    /// <summary>
    /// Returns the certificates, and throws when one has no name or no list of hosts. The sets that hold virtual hosts, lists and clusters
    /// check them, but certificates are in a plain array.
    /// </summary>
    private static ImmutableArray<Certificate> Named(ImmutableArray<Certificate> certificates)
    {
        if (!certificates.IsDefault && certificates.Any(c => c?.Name is null || c.Hosts.IsDefault))
            throw new FormatException("a certificate has a name and a list of hosts");
        return certificates;
    }

    private static VirtualHostSet Hosts(ImmutableArray<VirtualHost> hosts, Dictionary<string, RouteList> lists) =>
        hosts.IsDefaultOrEmpty ? VirtualHostSet.Empty : new VirtualHostSet(hosts.Select(h => RouteLinks.Link(h, lists)));
}

internal sealed record RouteTableDocument
{
    public int Format { get; init; }

    public string? Version { get; init; }

    public ImmutableArray<ListenerDocument> Listeners { get; init; }

    public ImmutableArray<RouteListDocument> Routes { get; init; }

    public ImmutableArray<Cluster> Clusters { get; init; }

    public ImmutableArray<Certificate> Certificates { get; init; }

    public ProxySettings? Settings { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(RouteTableDocument))]
[JsonSerializable(typeof(ListenerDocument))]
[JsonSerializable(typeof(VirtualHost))]
[JsonSerializable(typeof(RouteListDocument))]
[JsonSerializable(typeof(Cluster))]
[JsonSerializable(typeof(Certificate))]
[JsonSerializable(typeof(ProxySettings))]
internal sealed partial class RouteTableContext : JsonSerializerContext;
