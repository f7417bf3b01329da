using Turnpike.Cli.Cluster.Status;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster.Installation.Checks;

/// <summary>Checks the version of the cluster.</summary>
internal static class KubernetesPart
{
    public const string Name = "kubernetes";

    /// <summary>The oldest version that our tests run on. It serves everything that we need in stable versions.</summary>
    private static readonly Version Oldest = new(1, 20);

    public static async Task<StatusPart> ReadAsync(KubeApi api, CancellationToken ct)
    {
        var version = await api.GetServerVersionAsync(ct);
        return new StatusPart(Name, $"version {version}")
        {
            Problems = version >= Oldest ? [] : [$"the cluster is Kubernetes {version}; Turnpike needs {Oldest} or newer"],
            Remedy = "upgrade the cluster, or choose another one with --kubeconfig FILE",
        };
    }
}
