namespace Turnpike.Cli.Cluster.Listing;

/// <summary>The formats in which objects can be printed.</summary>
internal static class ListFormats
{
    /// <summary>The table of istioctl in 2017.</summary>
    public const string Short = "short";
    public const string Wide = "wide";
    public const string Name = "name";
    public const string Yaml = "yaml";
    public const string Json = "json";

    public static IReadOnlyList<string> All { get; } = [Short, Wide, Name, Yaml, Json];
}
