using Turnpike.Hosting.Api;

namespace Turnpike.Cli.Cluster;

/// <summary>Finds out how to reach the cluster, as kubectl does.</summary>
internal static class Kubeconfig
{
    /// <summary>The file that was given, those of <c>$KUBECONFIG</c>, <c>~/.kube/config</c>, or a pod's own service account.</summary>
    public static KubeEndpoint Endpoint(string? given, Func<string, string?> variable)
    {
        if (given is not null)
        {
            return File.Exists(given)
                ? KubeEndpoint.FromKubeconfig(given)
                : throw new CommandException($"--kubeconfig: there is no file \"{given}\"");
        }
        if (variable("KUBECONFIG") is { Length: > 0 } list)
        {
            var files = list.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Where(File.Exists).ToList();
            return files switch
            {
                [] => throw new CommandException($"KUBECONFIG: there is no file \"{list}\""),
                [var file] => KubeEndpoint.FromKubeconfig(file),
                // Only the client library can merge them; it reads the variable itself.
                _ => KubeEndpoint.FromKubeconfig(),
            };
        }
        if (variable("HOME") is { Length: > 0 } home && Path.Combine(home, ".kube", "config") is var usual && File.Exists(usual))
            return KubeEndpoint.FromKubeconfig(usual);
        if (variable("KUBERNETES_SERVICE_HOST") is { Length: > 0 })
            return KubeEndpoint.InCluster();
        throw new CommandException("no cluster is configured: give --kubeconfig FILE, set KUBECONFIG, or write ~/.kube/config");
    }
}
