namespace Turnpike.Cli.Cluster;

/// <summary>What a command does with the objects of its input.</summary>
/// <param name="SendsBody">Whether the object itself is sent, which must be valid then; to delete it, its name is enough.</param>
internal sealed record ChangeVerb(string Name, string Participle, bool SendsBody)
{
    public static readonly ChangeVerb Create = new("create", "created", SendsBody: true);
    public static readonly ChangeVerb Replace = new("replace", "replaced", SendsBody: true);
    public static readonly ChangeVerb Delete = new("delete", "deleted", SendsBody: false);
}
