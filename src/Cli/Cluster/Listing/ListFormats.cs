namespace Turnpike.Cli.Cluster.Listing;

/// <summary>How objects can be printed.</summary>
internal static class ListFormats
{
    /// <summary>The table of 2017.</summary>
    public const string Short = "short";
    public const string Wide = "wide";
    public const string Name = "name";
    public const string Yaml = "yaml";
    public const string Json = "json";

    public static IReadOnlyList<string> All { get; } = [Short, Wide, Name, Yaml, Json];
}
