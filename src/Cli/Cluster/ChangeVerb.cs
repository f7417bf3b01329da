namespace Turnpike.Cli.Cluster;

/// <summary>The operation of a command on the objects of its input.</summary>
/// <param name="Name">The verb, such as <c>create</c>.</param>
/// <param name="Participle">The participle, such as <c>created</c>.</param>
/// <param name="SendsBody">Whether the object itself is sent and must therefore be valid. To delete it, its name is enough.</param>
internal sealed record ChangeVerb(string Name, string Participle, bool SendsBody)
{
    public static readonly ChangeVerb Create = new("create", "created", SendsBody: true);
    public static readonly ChangeVerb Replace = new("replace", "replaced", SendsBody: true);
    public static readonly ChangeVerb Delete = new("delete", "deleted", SendsBody: false);
}
