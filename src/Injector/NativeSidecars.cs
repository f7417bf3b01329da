using System.Globalization;

namespace Turnpike.Injector;

/// <summary>
/// Decides whether a cluster supports native sidecars: init containers that keep running and do not keep a Job from completing. The API
/// server
/// must support them, since an older one drops the field, and so must every kubelet, since an older one waits for the container to end.
/// </summary>
public static class NativeSidecars
{
    /// <summary>The first version of Kubernetes in which they are enabled by default.</summary>
    public static Version First { get; } = new(1, 29);

    /// <summary>Returns true when the API server and every node support native sidecars.</summary>
    /// <param name="apiServer">The version of the API server; null if it is not known.</param>
    /// <param name="kubelets">The versions of the nodes, such as <c>v1.31.2-eks-1</c>. One that cannot be parsed counts as too old.</param>
    public static bool AreSupported(Version? apiServer, IEnumerable<string> kubelets)
    {
        ArgumentNullException.ThrowIfNull(kubelets);
        return apiServer >= First && kubelets.All(kubelet => Parse(kubelet) >= First);
    }

    /// <summary>Returns the major and minor number of a version in Kubernetes' form, or null for any other text.</summary>
    public static Version? Parse(string version)
    {
        ArgumentNullException.ThrowIfNull(version);
        var parts = version.TrimStart('v').Split('.', 3);
        return parts.Length >= 2 && Number(parts[0]) is { } major && Number(parts[1]) is { } minor ? new Version(major, minor) : null;

        // Some clusters report a minor number such as 29+.
        static int? Number(string text) =>
            int.TryParse(text.TrimEnd('+'), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}
