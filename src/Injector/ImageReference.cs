namespace Turnpike.Injector;

/// <summary>Names of container images, as a node understands them: what is left out stands for Docker's registry and the tag <c>latest</c>.</summary>
public static class ImageReference
{
    private const string DockerHub = "docker.io";

    /// <summary>The name in full. Two that are equal then are one image; any text has one.</summary>
    public static string Full(string image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var slash = image.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : image[..slash];
        // The first part is a registry where it cannot be the folder of one.
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
