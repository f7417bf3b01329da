using System.Text.Json.Nodes;

namespace Turnpike.Cli.Cluster.Status;

/// <summary>The state of a part of the installation.</summary>
internal enum PartState
{
    Ok,
    Problem,

    /// <summary>The state could not be read.</summary>
    Unknown,
}

/// <summary>The state of one part of the installation.</summary>
/// <param name="Name">The name as one word.</param>
/// <param name="Summary">The state as one clause.</param>
internal sealed record StatusPart(string Name, string Summary)
{
    /// <summary>The problems, one line each.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>What to do about the problems; null if their messages say it.</summary>
    public string? Remedy { get; init; }

    /// <summary>The items of the part, which all have the same members.</summary>
    public IReadOnlyList<JsonObject> Items { get; init; } = [];

    /// <summary>Whether the text output shows the items.</summary>
    public bool ShowsItems { get; init; }

    public bool IsKnown { get; init; } = true;

    public PartState State => Problems.Count > 0 ? PartState.Problem : IsKnown ? PartState.Ok : PartState.Unknown;

    public static StatusPart Unknown(string name, string reason) => new(name, reason) { IsKnown = false };
}
