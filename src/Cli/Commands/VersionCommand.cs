using System.CommandLine;
using System.Text.Json.Nodes;
using Turnpike.Cli.Cluster;

namespace Turnpike.Cli.Commands;

/// <summary><c>turnpike version</c>: prints the versions of this program, the operator and the proxies, each with its commit.</summary>
internal static class VersionCommand
{
    public static Command Create(GlobalOptions globals)
    {
        var client = new Option<bool>("--client") { Description = "Print only the version of this program, without using a cluster." };
        var format = Shared.Format();
        var command = new Command(
            "version", "Print the versions of this program and, if there is a cluster, of the operator and the proxies, with their commits.")
        {
            client, format,
        };
        command.SetAction(async (parsed, ct) =>
        {
            var installed = parsed.GetValue(client)
                ? null
                : await InstalledVersions.AskAsync(() => globals.Open(parsed), globals.Process.Clock, ct);
            if (installed?.Note is { } note)
                await parsed.InvocationConfiguration.Error.WriteLineAsync($"note: {note}");
            await parsed.InvocationConfiguration.Output.WriteAsync(Shared.IsJson(parsed, format) ? JsonOf(installed) : TextOf(installed));
            return ExitCodes.Success;
        });
        return command;
    }

    private static string TextOf(InstalledVersions? installed)
    {
        var table = new TextTable("PROGRAM", "VERSION", "COMMIT");
        Add("client", ProgramVersion.OfClient);
        if (installed?.Operator is { } version)
            Add("operator", version);
        foreach (var (proxy, count) in installed?.Proxies ?? [])
            Add(count == 1 ? "1 proxy" : $"{count} proxies", proxy);
        return table.ToString();

        void Add(string program, ProgramVersion of) => table.Add(program, of.Version, of.Commit ?? "unknown");
    }

    private static string JsonOf(InstalledVersions? installed)
    {
        var json = new JsonObject { ["client"] = Json(ProgramVersion.OfClient) };
        if (installed is not null)
        {
            json["operator"] = installed.Operator is { } version ? Json(version) : null;
            json["proxies"] = new JsonArray([.. installed.Proxies.Select(proxy =>
            {
                var item = Json(proxy.Version);
                item["count"] = proxy.Count;
                return (JsonNode)item;
            })]);
        }
        return JsonOutput.Write(json);

        static JsonObject Json(ProgramVersion version) => new() { ["version"] = version.Version, ["commit"] = version.Commit };
    }
}
