using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Api.RouteRules;
using Turnpike.Api.Yaml;
using Turnpike.Cli.Cluster;
using Turnpike.Hosting.Api;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike get</c>: what is in the cluster, as a table or as YAML that <c>replace</c> takes back.</summary>
internal static class GetCommand
{
    private const string Short = "short";
    private const string Yaml = "yaml";

    public static Command Create(GlobalOptions globals)
    {
        var type = new Argument<string>("TYPE") { Description = "What to list: routerule, or routerules." };
        var name = new Argument<string?>("NAME") { Description = "One object. Default: all of the namespace.", Arity = ArgumentArity.ZeroOrOne };
        var format = new Option<string>("--output", "-o") { Description = "How to print.", HelpName = $"{Short}|{Yaml}", DefaultValueFactory = _ => Short };
        format.AcceptOnlyFromAmong(Short, Yaml);
        var command = new Command("get", "Print the route rules of a namespace.") { type, name, format };
        command.SetAction(async (parsed, ct) =>
        {
            var resource = Resources.Named(parsed.GetValue(type)!);
            using var cluster = globals.Open(parsed);
            var found = await FindAsync(cluster, resource, parsed.GetValue(name), ct);
            await parsed.InvocationConfiguration.Output.WriteAsync(found switch
            {
                [] => "No resources found.\n",
                _ when parsed.GetValue(format) == Yaml => string.Concat(found.Select(item => YamlText.Write(Printable(item)) + "---\n")),
                _ => Table(resource, found),
            });
            return ExitCodes.Success;
        });
        return command;
    }

    private static Task<IReadOnlyList<JsonElement>> FindAsync(ClusterAccess cluster, ResourceRef resource, string? name, CancellationToken ct) =>
        cluster.RunAsync<IReadOnlyList<JsonElement>>(async api =>
        {
            if (string.IsNullOrEmpty(name))
                return (await api.ListAsync(resource, new ResourceQuery { Namespace = cluster.Namespace }, item => item.Clone(), ct)).Items;
            ClusterAccess.CheckName(resource.Kind, name);
            if (await api.FindAsync(resource, new ObjectKey(cluster.Namespace, name), ct) is { } found)
                return [found];
            return await api.ServesAsync(resource, ct) ? [] : throw new CommandException($"the cluster does not know kind {resource.Kind}");
        });

    private static string Table(ResourceRef resource, IReadOnlyList<JsonElement> items)
    {
        var table = new TextTable("NAME", "KIND", "NAMESPACE");
        foreach (var key in items.Select(item => item.Key()))
            table.Add(key.Name, $"{resource.Kind}.{resource.Version}.{resource.Group}", key.Namespace);
        return table.ToString();
    }

    /// <summary>As it would be sent. A rule that is not valid is shown as it is stored, so that it can be mended.</summary>
    private static JsonObject Printable(JsonElement item)
    {
        var raw = JsonObject.Create(item)!;
        // Items of a list do not say what they are.
        raw["apiVersion"] ??= Resources.RouteRules.ApiVersion;
        raw["kind"] ??= Resources.RouteRules.Kind;
        if (RouteRuleReader.Read(raw).Value is { } rule)
            return RouteRuleWriter.Write(rule);
        raw.Remove("status");
        (raw["metadata"] as JsonObject)?.Remove("managedFields");
        return raw;
    }
}
