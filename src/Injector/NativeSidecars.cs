using System.Globalization;

namespace Turnpike.Injector;

/// <summary>
/// Native sidecars: init containers that keep running and do not hold a Job open. Both the API server, which otherwise drops the field
/// that makes one, and every kubelet, which otherwise waits for it to end, must know them.
/// </summary>
public static class NativeSidecars
{
    /// <summary>The first version in which they are on by default.</summary>
    public static Version First { get; } = new(1, 29);

    /// <param name="apiServer">Null where it is not known.</param>
    /// <param name="kubelets">What the nodes say, such as <c>v1.31.2-eks-1</c>. The oldest counts, and what cannot be read is old.</param>
    public static bool AreSupported(Version? apiServer, IEnumerable<string> kubelets)
    {
        ArgumentNullException.ThrowIfNull(kubelets);
        return apiServer >= First && kubelets.All(kubelet => Parse(kubelet) >= First);
    }

    /// <summary>Major and minor number of a version as Kubernetes writes it; null for any other text.</summary>
    public static Version? Parse(string version)
    {
        ArgumentNullException.ThrowIfNull(version);
        var parts = version.TrimStart('v').Split('.', 3);
        return parts.Length >= 2 && Number(parts[0]) is { } major && Number(parts[1]) is { } minor ? new Version(major, minor) : null;

        // Some clusters write 29+ for the minor number.
        static int? Number(string text) => int.TryParse(text.TrimEnd('+'), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}
