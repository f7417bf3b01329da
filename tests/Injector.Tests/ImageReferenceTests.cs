using Turnpike.Injector;

namespace Turnpike.Tests.Injector;

public sealed class ImageReferenceTests
{
    [Theory]
    [InlineData("turnpike/proxy:1", "docker.io/turnpike/proxy:1")]
    [InlineData("docker.io/turnpike/proxy:1", "docker.io/turnpike/proxy:1")]
    [InlineData("index.docker.io/turnpike/proxy:1", "docker.io/turnpike/proxy:1")]
    [InlineData("nginx", "docker.io/library/nginx:latest")]
    [InlineData("docker.io/nginx", "docker.io/library/nginx:latest")]
    [InlineData("localhost/proxy", "localhost/proxy:latest")]
    [InlineData("localhost:5000/proxy", "localhost:5000/proxy:latest")]
    [InlineData("registry:5000/a/proxy:2", "registry:5000/a/proxy:2")]
    [InlineData("registry.example.com/proxy@sha256:0123", "registry.example.com/proxy@sha256:0123")]
    [InlineData("a/b:1@sha256:0123", "docker.io/a/b:1@sha256:0123")]
    [InlineData("", "docker.io/library/:latest")]
    public void Full_IsWhatANodeAsksFor(string image, string full)
    {
        Assert.Equal(full, ImageReference.Full(image));
        Assert.Equal(full, ImageReference.Full(full));
    }
}
