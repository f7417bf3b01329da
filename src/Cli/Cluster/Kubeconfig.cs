using System.Text.RegularExpressions;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster;

/// <summary>Finds out how to reach the cluster, as kubectl does.</summary>
internal static partial class Kubeconfig
{
    /// <summary>The file that was given, those of <c>$KUBECONFIG</c>, <c>~/.kube/config</c>, or a pod's own service account.</summary>
    public static KubeEndpoint Endpoint(string? given, Func<string, string?> variable)
    {
        if (given is not null)
        {
            return File.Exists(given)
                ? Read(given)
                : throw new CommandException($"--kubeconfig: there is no file \"{given}\"");
        }
        if (variable("KUBECONFIG") is { Length: > 0 } list)
        {
            var files = list.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Where(File.Exists).ToList();
            return files switch
            {
                [] => throw new CommandException($"KUBECONFIG: there is no file \"{list}\""),
                [var file] => Read(file),
                // Only the client library can merge them; it reads the variable itself.
                _ => Read(null, string.Join(Path.PathSeparator, files)),
            };
        }
        if (variable("HOME") is { Length: > 0 } home && Path.Combine(home, ".kube", "config") is var usual && File.Exists(usual))
            return Read(usual);
        if (variable("KUBERNETES_SERVICE_HOST") is { Length: > 0 })
            return InCluster();
        throw new CommandException("no cluster is configured: give --kubeconfig FILE, set KUBECONFIG, or write ~/.kube/config");
    }

    /// <param name="file">The file to read; null: those of <c>$KUBECONFIG</c>.</param>
    /// <param name="name">What messages call it; null: as <paramref name="file"/>.</param>
    private static KubeEndpoint Read(string? file, string? name = null)
    {
        name ??= file;
        try
        {
            return KubeEndpoint.FromKubeconfig(file);
        }
        catch (Exception e) when (FileFault.Is(e))
        {
            throw new CommandException($"the kubeconfig cannot be used: {FileFault.Reading(name!, e)}");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Its readers and its credential plugins throw whatever they like.
            throw new CommandException($"the kubeconfig \"{name}\" cannot be used: {Reason(e)}; what it says is shown by: kubectl config view --kubeconfig {name}");
        }
    }

    private static KubeEndpoint InCluster()
    {
        try
        {
            return KubeEndpoint.InCluster();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new CommandException($"the pod's own service account cannot be used: {Reason(e)}; give --kubeconfig FILE, or mount a token of the service account");
        }
    }

    /// <summary>The library's sentence where it has no better one in our words.</summary>
    private static string Reason(Exception e) => WithoutCredentials().Match(e.Message) is { Success: true } match
        ? $"user \"{match.Groups["user"].Value}\" has no credentials: it needs a token, a client certificate or an exec plugin"
        : CommandException.OneLine(e.Message).TrimEnd('.');

    [GeneratedRegex(@"\AUser: (?<user>.*) does not have appropriate auth credentials", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex WithoutCredentials();
}
