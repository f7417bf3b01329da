using System.Text.RegularExpressions;
using Turnpike.Hosting.Client;

namespace Turnpike.Cli.Cluster;

/// <summary>Finds the kubeconfig as kubectl does.</summary>
internal static partial class Kubeconfig
{
    /// <summary>
    /// Returns the endpoint of the given file, of <c>$KUBECONFIG</c>, of <c>~/.kube/config</c>, or of a pod's own service account.
    /// </summary>
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
                // Only the client library can merge several files, and it reads the variable itself.
                _ => Read(null, string.Join(Path.PathSeparator, files)),
            };
        }
        if (variable("HOME") is { Length: > 0 } home && Path.Combine(home, ".kube", "config") is var usual && File.Exists(usual))
            return Read(usual);
        if (variable("KUBERNETES_SERVICE_HOST") is { Length: > 0 })
            return InCluster();
        throw new CommandException("no cluster is configured: give --kubeconfig FILE, set KUBECONFIG, or write ~/.kube/config");
    }

    /// <summary>Reads a kubeconfig.</summary>
    /// <param name="file">The file to read; null for those of <c>$KUBECONFIG</c>.</param>
    /// <param name="name">The name in messages; null for that of <paramref name="file"/>.</param>
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
            // The library and its credential plugins throw exceptions of many types.
            throw new CommandException(
                $"the kubeconfig \"{name}\" cannot be used: {Reason(e)}; to show it: kubectl config view --kubeconfig {name}");
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
            throw new CommandException(
                $"the pod's own service account cannot be used: {Reason(e)}; give --kubeconfig FILE, or mount a token of the service account");
        }
    }

    /// <summary>Returns a message of our own for a known failure, otherwise the library's message.</summary>
    private static string Reason(Exception e) => WithoutCredentials().Match(e.Message) is { Success: true } match
        ? $"user \"{match.Groups["user"].Value}\" has no credentials: it needs a token, a client certificate or an exec plugin"
        : CommandException.OneLine(e.Message).TrimEnd('.');

    [GeneratedRegex(
        @"\AUser: (?<user>.*) does not have appropriate auth credentials",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex WithoutCredentials();
}
