using Microsoft.Extensions.Logging.Abstractions;
using Turnpike.Compiler;
using Turnpike.Discovery;
using Turnpike.Injector.Config;
using Turnpike.Routing;
using Turnpike.Tests.Support.Compiler;
using Turnpike.Webhooks;

namespace Turnpike.Tests.Operator.Webhooks;

public sealed class ImageProofTests
{
    private readonly DiscoveryStates _states = new();
    private readonly InjectionSettings _settings = new(InjectConfig.Default, NullLogger<InjectionSettings>.Instance);
    private long _sequence;

    public ImageProofTests() => _settings.Update("proxyImage: a/proxy:1");

    /// <summary>
    /// An image is proven by the proxy's own container, beside an application or as an ingress, native or not, in a pod that is ready.
    /// </summary>
    [Theory]
    [InlineData("spec: {containers: [{name: istio-proxy, image: a/proxy:1}]}", "True", true)]
    [InlineData("spec: {containers: [{name: app, image: b}, {name: istio-proxy, image: docker.io/a/proxy:1}]}", "True", true)]
    [InlineData(
        "spec: {containers: [{name: app, image: b}], initContainers: [{name: istio-proxy, image: a/proxy:1, restartPolicy: Always}]}",
        "True",
        true)]
    [InlineData("spec: {containers: [{name: istio-proxy, image: a/proxy:1}]}", "False", false)]
    [InlineData("spec: {containers: [{name: istio-proxy, image: a/proxy:1}]}", "Unknown", false)]
    [InlineData("spec: {containers: [{name: istio-proxy, image: a/proxy:2}]}", "True", false)]
    [InlineData("spec: {containers: [{name: istio-proxy, image: a/proxy}]}", "True", false)]
    [InlineData("spec: {containers: [{name: app, image: a/proxy:1}]}", "True", false)]
    [InlineData("spec: {containers: [{name: app, image: b}], initContainers: [{name: istio-proxy, image: a/proxy:1}]}", "True", false)]
    public void Image_IsProvenByAProxyThatIsReady(string spec, string ready, bool isProven)
    {
        var proofs = new ImageProofs(_states, _settings);
        Assert.False(proofs.IsProven("a/proxy:1"));
        Show(Pod("one", spec, ready));
        Assert.Equal(isProven, proofs.IsProven("a/proxy:1"));
        Assert.Equal(isProven, proofs.Waiting is null);
    }

    [Fact]
    public void SettingsImage_IsRemembered_WhenItsPodsAreGone_AndByWhoeverReadsTheRecord()
    {
        var proofs = new ImageProofs(_states, _settings);
        proofs.Observe();
        Assert.Equal("", proofs.Record);
        Show(Pod("one", "spec: {containers: [{name: istio-proxy, image: a/proxy:1}, {name: second, image: x}]}", "True"));
        proofs.Observe();
        Show();
        Assert.True(proofs.IsProven("a/proxy:1"));
        Assert.Equal("docker.io/a/proxy:1", proofs.Record);

        var other = new ImageProofs(new DiscoveryStates(), _settings);
        Assert.False(other.IsProven("a/proxy:1"));
        other.Add(proofs.Record);
        Assert.True(other.IsProven("a/proxy:1"));
        other.Add(null);
        Assert.True(other.IsProven("a/proxy:1"));
    }

    /// <summary>The old image is not a substitute for the new one, and is still good when the settings go back to it.</summary>
    [Fact]
    public void NewImageOfTheSettings_HasToBeProvenItself()
    {
        var proofs = new ImageProofs(_states, _settings);
        Show(Pod("one", "spec: {containers: [{name: istio-proxy, image: a/proxy:1}]}", "True"));
        proofs.Observe();
        _settings.Update("proxyImage: a/proxy:bad");
        proofs.Observe();
        Assert.Equal(
            "ImageNotProven: no proxy of image a/proxy:bad has been ready in this cluster yet; pods get it once one has, such as the "
                + "managed ingress",
            proofs.Waiting);
        Show();
        _settings.Update("proxyImage: a/proxy:1");
        Assert.Null(proofs.Waiting);
    }

    /// <summary>A pod may name any image: it counts while it runs, and takes no room in the record.</summary>
    [Fact]
    public void ImageOfAPodAlone_IsNotRemembered()
    {
        var proofs = new ImageProofs(_states, _settings);
        Show(Pod("one", "spec: {containers: [{name: istio-proxy, image: mine:1}]}", "True"));
        proofs.Observe();
        Assert.True(proofs.IsProven("mine:1"));
        Show();
        Assert.False(proofs.IsProven("mine:1"));
        Assert.Equal("", proofs.Record);
    }

    [Fact]
    public void Record_HasABound_AndGarbageInItIsLeftOut()
    {
        var proofs = new ImageProofs(_states, _settings);
        proofs.Add(string.Join('\n', Enumerable.Range(0, 1000).Select(i => $"a/proxy:{i}")));
        Assert.Equal(16, proofs.Record.Split('\n').Length);
        Assert.True(proofs.IsProven("a/proxy:999"));
        Assert.False(proofs.IsProven("a/proxy:983"));
        proofs.Add("not an image\n\r\n\u0000\n" + new string('a', 10_000));
        Assert.Equal(16, proofs.Record.Split('\n').Length);
        Assert.DoesNotContain("not", proofs.Record, StringComparison.Ordinal);
    }

    private static string Pod(string name, string spec, string ready) => $$"""
        apiVersion: v1
        kind: Pod
        metadata: {name: {{name}}, namespace: default}
        {{spec}}
        status: {phase: Running, conditions: [{type: ContainersReady, status: "True"}, {type: Ready, status: "{{ready}}"}]}

        """;

    private void Show(params string[] pods)
    {
        var store = new ObjectStore();
        foreach (var pod in pods)
            store.Put(pod);
        _states.Publish(new DiscoveryState(++_sequence, store.Snapshot().Snapshot, [], RouteTable.Empty, TableResources.None, []));
    }
}
