namespace Turnpike.Injector;

/// <summary>
/// Compares names of container images as a node resolves them: by default to Docker's registry and the tag <c>latest</c>.
/// </summary>
public static class ImageReference
{
    private const string DockerHub = "docker.io";

    /// <summary>Returns the full name of an image. Two names denote the same image if their full names are equal.</summary>
    public static string Full(string image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var slash = image.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : image[..slash];
        // The first part is a registry if it cannot be a folder of the default one.
        var hasRegistry = first == "localhost" || first.Contains('.', StringComparison.Ordinal) || first.Contains(':', StringComparison.Ordinal);
        var (registry, path) = hasRegistry ? (first, image[(slash + 1)..]) : (DockerHub, image);
        if (registry == "index.docker.io")
            registry = DockerHub;
        if (registry == DockerHub && !path.Contains('/', StringComparison.Ordinal))
            path = "library/" + path;
        var hasTag = path.Contains('@', StringComparison.Ordinal) || path.LastIndexOf(':') > path.LastIndexOf('/');
        return $"{registry}/{path}{(hasTag ? "" : ":latest")}";
    }
}
