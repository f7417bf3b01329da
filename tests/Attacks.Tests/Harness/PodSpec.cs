using System.Text.Json.Nodes;
using Turnpike.Api;
using Turnpike.Api.Mesh;
using Turnpike.Hosting.Client;
using Turnpike.Injector.Config;
using Turnpike.Operator.ManagedProxy;
using Turnpike.Operator.Manifests;

namespace Turnpike.Tests.Attacks.Harness;

/// <summary>What a pod of ours may use and is told, as its generated manifest says.</summary>
/// <param name="MemoryLimit">In bytes.</param>
/// <param name="Environment">The variables with a value of their own; those from the pod's fields are the test's.</param>
internal sealed record PodSpec(long MemoryLimit, IReadOnlyDictionary<string, string> Environment)
{
    public static PodSpec Proxy { get; } =
        Of(
            DesiredProxy
                .All(Profile.Istio2017, MeshConfig.Default, "image", KnownResources.DisruptionBudgets)
                .Single(o => o.Resource == KnownResources.Deployments)
                .Body);

    public static PodSpec Operator { get; } = Of(OperatorManifests.Deployment(Profile.Istio2017));

    private static PodSpec Of(JsonObject deployment)
    {
        var container = deployment["spec"]!["template"]!["spec"]!["containers"]![0]!;
        var limit = Quantity.Of((string)container["resources"]!["limits"]!["memory"]!);
        var environment = container["env"]!.AsArray().Where(variable => variable!["value"] is not null);
        return new PodSpec((long)limit.Amount, environment.ToDictionary(v => (string)v!["name"]!, v => (string)v!["value"]!));
    }
}
