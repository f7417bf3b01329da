using System.Text.Json;
using System.Text.Json.Nodes;
using Turnpike.Cli.Cluster.Status;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Installation.Checks;

/// <summary>Asks the API server whether the user may write the objects of an installation.</summary>
internal static class RightsPart
{
    public const string Name = "rights";

    private static readonly string[] Verbs = ["get", "create", "patch"];

    public static async Task<StatusPart> ReadAsync(KubeApi api, IReadOnlyList<ClusterObject> objects, CancellationToken ct)
    {
        if (await MayAsync(api, "*", "*", "*", "", ct))
            return new StatusPart(Name, "all");
        var kinds = objects.Select(item => (item.Resource, item.Key.Namespace)).Distinct().ToList();
        var missing = await Task.WhenAll(kinds.Select(async kind =>
        {
            var (group, plural) = (kind.Resource.Group, kind.Resource.Plural);
            var may = await Task.WhenAll(Verbs.Select(verb => MayAsync(api, verb, group, plural, kind.Namespace, ct)));
            return (kind.Resource, kind.Namespace, Verbs: Verbs.Where((_, index) => !may[index]).ToList());
        }));
        string[] problems =
        [
            .. missing.Where(kind => kind.Verbs.Count > 0).Select(kind =>
                $"you may not {string.Join(", ", kind.Verbs)} {kind.Resource}"
                + (kind.Namespace.Length == 0 ? "" : $" in namespace {kind.Namespace}")),
        ];
        return new StatusPart(Name, problems.Length == 0 ? "enough to install" : "not enough to install")
        {
            Problems = problems,
            Remedy = "ask an administrator of the cluster to install, or use the kubeconfig of one with --kubeconfig FILE",
        };
    }

    private static async Task<bool> MayAsync(KubeApi api, string verb, string group, string plural, string ns, CancellationToken ct)
    {
        var attributes = new JsonObject { ["verb"] = verb, ["group"] = group, ["resource"] = plural };
        if (ns.Length > 0)
            attributes["namespace"] = ns;
        var review = new JsonObject
        {
            ["apiVersion"] = KnownResources.SelfSubjectAccessReviews.ApiVersion,
            ["kind"] = KnownResources.SelfSubjectAccessReviews.Kind,
            ["spec"] = new JsonObject { ["resourceAttributes"] = attributes },
        };
        var answer = await api.CreateAsync(KnownResources.SelfSubjectAccessReviews, "", review, WriteOptions.Default, ct);
        return answer.Child("status")?.Child("allowed") is { ValueKind: JsonValueKind.True };
    }
}
