using Turnpike.Injector;

namespace Turnpike.Tests.Injector;

public sealed class NativeSidecarsTests
{
    [Theory]
    [InlineData(true, "1.29")]
    [InlineData(true, "2.0")]
    [InlineData(true, "1.36", "v1.36.0", "v1.33.5-eks-113cf36", "v1.29+")]
    [InlineData(false, "1.28")]
    [InlineData(false, "1.30", "v1.30.1", "v1.28.9")]
    [InlineData(false, "1.30", "v1.30.1", "")]
    [InlineData(false, "1.30", "unknown")]
    [InlineData(false, "1.30", "v1")]
    [InlineData(false, "1.30", "v1.-29.0")]
    [InlineData(false, "1.30", "v1.99999999999.0")]
    [InlineData(false, null)]
    [InlineData(false, null, "v1.30.1")]
    public void AreSupported_WhereApiServerAndOldestKubeletKnowThem(bool expected, string? apiServer, params string[] kubelets) =>
        Assert.Equal(expected, NativeSidecars.AreSupported(apiServer is null ? null : Version.Parse(apiServer), kubelets));
}
