using System.Text.Json.Nodes;

namespace Turnpike.Cli.Cluster.Status;

/// <summary>How a part of the installation is.</summary>
internal enum PartState
{
    Ok,
    Problem,

    /// <summary>It could not be looked at.</summary>
    Unknown,
}

/// <summary>One part of the installation as it was found.</summary>
/// <param name="Name">One word.</param>
/// <param name="Summary">One clause.</param>
internal sealed record StatusPart(string Name, string Summary)
{
    /// <summary>What is wrong, one line each.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>What to do about the problems; null where they say it themselves.</summary>
    public string? Remedy { get; init; }

    /// <summary>What it consists of; all items have the same members.</summary>
    public IReadOnlyList<JsonObject> Items { get; init; } = [];

    /// <summary>Whether people want to see all items, and not only the problems.</summary>
    public bool ShowsItems { get; init; }

    public bool IsKnown { get; init; } = true;

    public PartState State => Problems.Count > 0 ? PartState.Problem : IsKnown ? PartState.Ok : PartState.Unknown;

    public static StatusPart Unknown(string name, string reason) => new(name, reason) { IsKnown = false };
}
